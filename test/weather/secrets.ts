import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {list} from 'tar';
import type {RawObject} from '../../src/lib/cluster/cluster.ts';
import {weatherServer} from './api.ts';
import type {Case} from './case.ts';
import {withFolder, type CommandLine} from './commands.ts';
import {throwAt, TOKEN, world} from './http.ts';
import {judge, type Failure} from './outcome.ts';
import {NAMESPACE, type World} from './world.ts';

// A marked secret in each place and each form; it is in nothing that comes out.

const MARK = 's3cr3tMARK17';
const JWT = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJNQVJLMTcifQ.c2VjcmV0TUFSSzE3c2lnbmF0dXJl';
const KEY_ID = 'AKIAIOSFODNN7MARK17Z';

/** How programs write secrets. */
const FORMS: Record<string, string> = {
  'key-value': `connecting with password=${MARK} to db`,
  'key-colon': `password: ${MARK}`,
  'key-quoted': `password="${MARK} and more"`,
  'env-name': `DB_PASSWORD=${MARK}`,
  'camel-case': `apiKey=${MARK} clientSecret=${MARK}`,
  'flag-space': `mysql --password ${MARK} -h db`,
  'flag-token': `agent --token ${MARK}`,
  'flag-equals': `agent --api-key=${MARK}`,
  'flag-user': `curl -u admin:${MARK} http://db`,
  'flag-p': `mysql -uroot -p${MARK}`,
  json: `{"level":"error","password":"${MARK}"}`,
  'json-escaped': `{\\"token\\":\\"${MARK}\\"}`,
  'json-pass': `{"pass": "${MARK}"}`,
  yaml: `secret: '${MARK}'`,
  bearer: `Authorization: Bearer ${MARK}`,
  basic: `authorization: Basic ${Buffer.from(`user:${MARK}`).toString('base64')}`,
  header: `X-Api-Key: ${MARK}`,
  cookie: `Cookie: session=${MARK}; b=c`,
  'set-cookie': `Set-Cookie: sid=${MARK}; HttpOnly`,
  'url-userinfo': `dial postgres://app:${MARK}@db:5432/shop: refused`,
  'url-user-only': `redis://${MARK}@cache:6379`,
  'url-query': `GET https://store.test/x?token=${MARK}&a=b`,
  'url-signature': `https://x.blob.core.windows.net/c?sv=2020&sig=${MARK}`,
  'aws-signature': `https://s3.test/x?X-Amz-Signature=${MARK}`,
  'connection-string': `Server=db;User Id=sa;Password=${MARK};`,
  'azure-connection': `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${MARK}==;`,
  amqp: `amqp://guest:${MARK}@mq/`,
  jwt: `token is ${JWT}`,
  'cloud-key': `using ${KEY_ID}`,
  'aws-secret': `aws_secret_access_key = ${MARK}`,
  'github-token': `ghp_${MARK}${'a1'.repeat(12)}`,
  'slack-token': `xoxb-1234567890-${MARK}abcdef`,
  'private-key': `-----BEGIN RSA PRIVATE KEY----- ${MARK} -----END RSA PRIVATE KEY-----`,
  dsn: `https://${MARK}@sentry.test/1`,
  'http-header-list': `headers: [["authorization","${MARK}"]]`,
  'go-map': `map[password:${MARK} user:x]`,
};
const MARKS = [MARK, JWT, KEY_ID, Buffer.from(`user:${MARK}`).toString('base64')];

type Plant = (world: World, text: string) => void;

const named = (items: RawObject[] | undefined, begin: string): RawObject =>
  items!.find(({metadata}) => (metadata as {name: string}).name.startsWith(begin))!;
const spec = (raw: RawObject): {containers: RawObject[]; initContainers?: RawObject[]} => raw['spec'] as never;
const template = (raw: RawObject): RawObject & {spec: {containers: RawObject[]}; metadata: RawObject} =>
  (raw['spec'] as RawObject)['template'] as never;
const containerStatus = (pod: RawObject, begin: string): RawObject =>
  ((pod['status'] as RawObject)['containerStatuses'] as RawObject[]).find(({name}) => String(name).startsWith(begin))!;
const event =
  (reason: string, message: string): Plant =>
  ({lists}) => {
    const pod = named(lists['pods'], 'app-503');
    const {uid, name} = pod['metadata'] as {uid: string; name: string};
    const time = new Date().toISOString();
    lists['events']!.push({
      metadata: {name: `${name}.mark`, namespace: NAMESPACE, uid: 'mark', creationTimestamp: time},
      involvedObject: {kind: 'Pod', namespace: NAMESPACE, name, uid, fieldPath: 'spec.containers{app}'},
      reason,
      message,
      type: 'Warning',
      count: 3,
      firstTimestamp: time,
      lastTimestamp: time,
      source: {component: 'kubelet'},
    });
  };
/** In the pod and in its template alike. */
const inBoth =
  (change: (container: RawObject) => void): Plant =>
  ({lists}) => {
    for (const one of [spec(named(lists['pods'], 'app-503')), template(named(lists['replicasets'], 'app-503')).spec])
      change(one.containers.find(({name}) => name === 'app')!);
  };

/** Where words come from that may be shown, so that what is secret in them has to be masked. */
const SPOKEN: Record<string, (text: string) => Plant> = {
  'unhealthy-event': (text) => event('Unhealthy', `Readiness probe failed: ${text}`),
  'liveness-event': (text) => event('Unhealthy', `Liveness probe errored: ${text}`),
  'hook-event': (text) =>
    event(
      'FailedPostStartHook',
      `Exec lifecycle hook ([sh -c ${text}]) for Container "app" in Pod "x" failed - error: exit 1, message: "${text}"`,
    ),
  'failed-event': (text) => event('Failed', `Error: failed to start container "app": exec: "${text}"`),
  'backoff-event': (text) => event('BackOff', `Back-off restarting failed container: ${text}`),
  'mount-event': (text) => event('FailedMount', `MountVolume.SetUp failed: ${text}`),
  'waiting-message':
    (text) =>
    ({lists}) =>
      void (containerStatus(named(lists['pods'], 'crash-loop'), 'app')['state'] = {
        waiting: {reason: 'PostStartHookError', message: text},
      }),
  'create-error':
    (text) =>
    ({lists}) =>
      void (containerStatus(named(lists['pods'], 'crash-loop'), 'app')['state'] = {
        waiting: {reason: 'CreateContainerConfigError', message: text},
      }),
  'termination-message':
    (text) =>
    ({lists}) => {
      const status = containerStatus(named(lists['pods'], 'crash-loop'), 'app');
      (status['lastState'] as Record<string, RawObject>)['terminated']!['message'] = text;
    },
  condition:
    (text) =>
    ({lists}) =>
      void ((named(lists['pods'], 'app-503')['status'] as RawObject)['conditions'] as RawObject[]).forEach((one) =>
        Object.assign(one, {message: text, reason: 'ContainersNotReady'}),
      ),
  'pod-message':
    (text) =>
    ({lists}) =>
      void Object.assign(named(lists['pods'], 'app-503')['status'] as RawObject, {message: text, reason: 'Odd'}),
  'refused-pods':
    (text) =>
    ({lists}) => {
      const rs = named(lists['replicasets'], 'app-503');
      rs['status'] = {
        replicas: 0,
        conditions: [
          {
            type: 'ReplicaFailure',
            status: 'True',
            reason: 'FailedCreate',
            message: `admission webhook denied: ${text}`,
          },
        ],
      };
      (rs['spec'] as RawObject)['replicas'] = 2;
    },
  log:
    (text) =>
    ({recorded}) => {
      for (const one of recorded)
        if (one.lines && one.question.startsWith('logs '))
          one.lines.push(`fatal: ${text}`, `error: cannot bind ${text}`, text);
    },
  body:
    (text) =>
    ({recorded}) => {
      for (const {question, answer} of recorded)
        if (answer?.kind === 'response' && question.includes('app-503') && !question.includes(':15000'))
          Object.assign(answer, {body: text});
    },
  location:
    (text) =>
    ({recorded}) => {
      for (const {question, answer} of recorded)
        if (answer?.kind === 'response' && question.includes('app-503') && !question.includes(':15000'))
          Object.assign(answer, {
            status: 302,
            reason: 'Found',
            headers: [{name: 'location', value: `/login?${text.replaceAll(/[^\u0020-\u007e]/g, '')}`}],
          });
    },
  'response-header':
    (text) =>
    ({recorded}) => {
      for (const {question, answer} of recorded)
        if (answer?.kind === 'response' && question.includes('app-503') && !question.includes(':15000'))
          answer.headers = [
            ...(answer.headers ?? []),
            {name: 'set-cookie', value: text},
            {name: 'x-debug', value: text},
          ];
    },
  'exec-probe': (text) => inBoth((one) => void (one['livenessProbe'] = {exec: {command: ['sh', '-c', text]}})),
};

/** What is nobody's business: it comes out in no form. */
const SILENT: Record<string, Plant> = {
  env: inBoth((one) => void (one['env'] = [{name: 'DB', value: MARK}])),
  args: inBoth((one) => void (one['args'] = [MARK])),
  command: inBoth((one) => void (one['command'] = ['sh', '-c', `echo ${MARK}`])),
  'args-of-a-sidecar': ({lists}) => {
    for (const one of [spec(named(lists['pods'], 'app-503')), template(named(lists['replicasets'], 'app-503')).spec])
      one.containers.push({name: 'sidecar', image: 'shop/agent:1', command: ['agent', '--token', MARK], args: [MARK]});
  },
  'args-of-an-envoy': ({lists}) => {
    for (const one of [
      spec(named(lists['pods'], 'healthy-ds')),
      template(named(lists['daemonsets'], 'healthy-ds')).spec,
    ])
      one.containers.unshift({name: 'envoy-agent', image: 'shop/agent:1', command: ['agent', '--token', MARK]});
  },
  hook: inBoth(
    (one) =>
      void (one['lifecycle'] = {
        postStart: {exec: {command: ['sh', '-c', `x ${MARK}`]}},
        preStop: {httpGet: {path: `/stop?sig=${MARK}`, port: 1, httpHeaders: [{name: 'x', value: MARK}]}},
      }),
  ),
  'probe-authorization': inBoth(
    (one) =>
      (((one['readinessProbe'] as Record<string, RawObject>)['httpGet'] ?? {})['httpHeaders'] = [
        {name: 'Authorization', value: `Bearer ${MARK}`},
        {name: 'Cookie', value: `a=${MARK}`},
        {name: 'X-Api-Key', value: MARK},
        {name: 'Proxy-Authorization', value: MARK},
      ]),
  ),
  annotation: ({lists}) => {
    for (const one of lists['pods']!)
      (one['metadata'] as RawObject)['annotations'] = {
        ...((one['metadata'] as RawObject)['annotations'] as object),
        'shop/secret': MARK,
        'kubectl.kubernetes.io/last-applied-configuration': `{"env":"${MARK}"}`,
      };
  },
  'managed-fields': ({lists}) => {
    for (const one of lists['pods']!) (one['metadata'] as RawObject)['managedFields'] = [{manager: MARK}];
  },
  volumes: ({lists}) =>
    void ((named(lists['pods'], 'app-503')['spec'] as RawObject)['volumes'] as RawObject[]).push(
      {name: 'v', secret: {secretName: MARK}},
      {name: 'w', csi: {volumeAttributes: {key: MARK}}},
    ),
  'init-args': ({lists}) =>
    void spec(named(lists['pods'], 'app-503')).initContainers?.push({
      name: 'migrate',
      image: 'shop/migrate:1',
      command: ['migrate', `--dsn=${MARK}`],
      env: [{name: 'A', value: MARK}],
    }),
  'template-annotation': ({lists}) =>
    void (template(named(lists['replicasets'], 'app-503')).metadata['annotations'] = {x: MARK}),
};

const line = (name: string, args: (folder: string) => string[], writes = false): CommandLine => ({
  name,
  world: 'ill',
  args,
  holds: [],
  fine: 0,
  codes: () => [0, 1, 4],
  routes: [],
  writes,
});

const LINES: CommandLine[] = [
  line('verify-wide', () => ['verify', '-n', NAMESPACE, '-o', 'wide', '--show', 'all', '--live', 'always']),
  line('verify-json', () => ['verify', '-n', NAMESPACE, '-o', 'json', '--live', 'always']),
  line('verify-verbose', () => ['verify', '-n', NAMESPACE, '-o', 'yaml', '-v', '9']),
  line('events', () => ['events', '-n', NAMESPACE, '--all', '-o', 'wide']),
  line('events-json', () => ['events', '-n', NAMESPACE, '--all', '-o', 'json']),
  line('forward-wide', () => ['forward', '-n', NAMESPACE, 'deploy/app-503', '-o', 'wide']),
  line('forward-json', () => ['forward', '-n', NAMESPACE, 'deploy/app-503', '-o', 'json']),
  line('snapshot', (folder) => ['snapshot', '-n', NAMESPACE, '--live', 'always', '--to', join(folder, 'case')], true),
  line('snapshot-file', (folder) => ['snapshot', '-n', NAMESPACE, '--to', join(folder, 'case.tgz')], true),
];

export function secretCases(): Case[] {
  const spoken = Object.entries(SPOKEN).flatMap(([place, plant]) =>
    Object.entries(FORMS).flatMap(([form, text], at) =>
      LINES.filter((_, nth) => (nth + at) % 3 === 0).map((command) =>
        secretCase(`secrets/${place}/${form}/${command.name}`, plant(text), command),
      ),
    ),
  );
  const silent = Object.entries(SILENT).flatMap(([place, plant]) =>
    LINES.map((command) => secretCase(`secrets/${place}/plain/${command.name}`, plant, command)),
  );
  return [...spoken, ...silent];
}

function secretCase(id: string, plant: Plant, command: CommandLine): Case {
  return {
    id,
    limitMs: 20_000,
    run: () =>
      withFolder(async (folder) => {
        const spoilt = structuredClone(world('ill'));
        plant(spoilt, MARK);
        const server = await weatherServer(spoilt);
        try {
          const seen = await throwAt(command, server.url, folder);
          return [
            ...judge(id, seen, {withinMs: 8000, codes: [0, 1, 4], secrets: [...MARKS, TOKEN]}),
            ...writtenSecrets(id, folder),
          ];
        } finally {
          await server.close();
        }
      }),
  };
}

/** What a snapshot holds, packed or not. */
function writtenSecrets(id: string, folder: string): Failure[] {
  const files = existsSync(join(folder, 'case'))
    ? readdirSync(join(folder, 'case')).map((name) => readFileSync(join(folder, 'case', name), 'utf8'))
    : [];
  if (existsSync(join(folder, 'case.tgz'))) files.push(unpacked(join(folder, 'case.tgz')));
  const told = MARKS.find((mark) => files.some((text) => text.includes(mark)));
  if (told === undefined) return [];
  const text = files.find((one) => one.includes(told))!;
  const at = text.indexOf(told);
  return [
    {
      id,
      kind: 'leaked',
      seen: `the snapshot holds ${JSON.stringify(text.slice(Math.max(0, at - 60), at + told.length + 10))}`,
    },
  ];
}

function unpacked(file: string): string {
  const chunks: Buffer[] = [];
  list({file, sync: true, onReadEntry: (entry) => void entry.on('data', (chunk: Buffer) => chunks.push(chunk))});
  return Buffer.concat(chunks).toString('utf8');
}
