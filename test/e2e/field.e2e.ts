import assert from 'node:assert/strict';
import {run} from '../support/run.ts';
import {FIELD, ODD} from './field.ts';
import {apply, forget, IMAGE, joinMesh, kubectl} from './kubectl.ts';
import {manifestsOf} from './situations.ts';

const FIELD_NS = process.env['OSM_PROBES_FIELD'] ?? 'osm-probes-field';
const ENV = {KUBECONFIG: process.env['KUBECONFIG']};
const SETTLE_MS = 240_000;

interface Document {
  probes: {workload: {name: string}; container: string; probe: string; verdict: string; why: string}[];
  findings: {code: string; workload: {name: string}; effect?: string}[];
}

/** Verdicts that are no pass, and codes, of one workload. */
function saidOf({probes, findings}: Document, name: string): {verdicts: Record<string, string>; codes: string[]} {
  return {
    verdicts: Object.fromEntries(probes.filter((row) => row.workload.name === name && row.verdict !== 'pass').map(({container, probe, verdict}) => [`${container} ${probe}`, verdict])),
    codes: [...new Set(findings.filter(({workload}) => workload.name === name).map(({code}) => code))].sort(),
  };
}

async function verify(...more: string[]): Promise<Document> {
  return JSON.parse((await run(['verify', '-n', FIELD_NS, '-o', 'json', ...more], ENV)).stdout) as Document;
}

/** A Pod whose owner nobody reads, and which bears no trace of what was applied. */
const OPERAND = {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'operand', labels: {app: 'operand'}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: 'app', image: IMAGE, imagePullPolicy: 'IfNotPresent', args: ['-listen=http::8080', '-route=/ok=200'], readinessProbe: {httpGet: {path: '/ok', port: 8080}, periodSeconds: 2}}]}};

describe('what people meet in the field, on a real mesh', () => {
  let document: Document;

  before(async function () {
    this.timeout(SETTLE_MS + 120_000);
    joinMesh(FIELD_NS);
    apply(FIELD_NS, [{apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'odd'}, data: {'odd.pl': ODD}}, ...FIELD.flatMap((one) => manifestsOf(one, IMAGE))]);
    // Created, not applied, so that it bears no trace of its manifest; one of an earlier run has to go first.
    kubectl(['delete', 'pod', 'operand', '-n', FIELD_NS, '--ignore-not-found']);
    kubectl(['create', '-n', FIELD_NS, '-f', '-'], JSON.stringify(OPERAND));
    const until = Date.now() + SETTLE_MS;
    const asWanted = () => FIELD.every(({name, verdicts = {}, codes = [], or}) => {
      const said = JSON.stringify(saidOf(document, name));
      return [codes, ...(or ? [or] : [])].some((want) => said === JSON.stringify({verdicts, codes: want}));
    });
    do document = await verify();
    while (!asWanted() && Date.now() < until);
  });
  after(() => forget([FIELD_NS]));

  for (const {name, row, verdicts = {}, codes = [], or} of FIELD) {
    it(`${name} (${row}): ${codes.join(', ') || 'nothing to say'}`, () => {
      const said = saidOf(document, name);
      assert.deepEqual({...said, codes: or && JSON.stringify(or) === JSON.stringify(said.codes) ? codes : said.codes}, {verdicts, codes}, JSON.stringify(document.probes.filter(({workload}) => workload.name === name)));
    });
  }

  it('a pod of which nobody can tell what was declared passes by the proxy\'s own configuration', () => assert.match(document.probes.find(({workload}) => workload.name === 'operand')?.why ?? '', /^by Envoy's configuration/));
  it('a start says what has been seen so far, and until when it does not matter', () => {
    const why = (name: string) => document.probes.find(({workload}) => workload.name === name)?.why ?? '';
    assert.match(why('starts-at-login'), /^starting until \d\d:\d\d:\d\dZ; so far 404: redirected to \/login$/);
    assert.match(why('starts-with-503'), /^starting until \d\d:\d\d:\d\dZ; so far .*503/);
    assert.match(document.findings.find(({workload}) => workload.name === 'starts-over-tls')?.effect ?? '', /^fails permanently from .*: waiting does not help$/);
  });
  it('a filter hides findings and changes no verdict', async () => {
    const plain = ({probes}: Document) => probes.filter(({workload}) => ['never-carried-out', 'grpc-over-tls', 'gated'].includes(workload.name)).map(({verdict, workload}) => [workload.name, verdict]).sort();
    assert.deepEqual(plain(await verify('--skip', 'OSMP506,OSMP405,OSMP606')), plain(await verify()));
  });
  it('a StatefulSet whose corrected template does not reach its pod says so, and what to type', async () => {
    const manifest = (path: string) => [{apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: {name: 'stuck'}, spec: {serviceName: 'stuck', selector: {matchLabels: {app: 'stuck'}}, template: {metadata: {labels: {app: 'stuck'}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: 'app', image: IMAGE, imagePullPolicy: 'IfNotPresent', args: ['-listen=http::8080', '-route=/ok=200'], readinessProbe: {httpGet: {path, port: 8080}, periodSeconds: 1, failureThreshold: 1}}]}}}}];
    apply(FIELD_NS, manifest('/wrong'));
    const until = Date.now() + 90_000;
    let stuck: Document | undefined;
    const codes = () => (stuck ? saidOf(stuck, 'stuck').codes : []);
    do stuck = await verify('sts/stuck'); while (!codes().includes('OSMP401') && Date.now() < until);
    apply(FIELD_NS, manifest('/ok'));
    do stuck = await verify('sts/stuck'); while (!codes().includes('OSMP608') && Date.now() < until);
    assert.deepEqual(codes(), ['OSMP401', 'OSMP608']);
  });
  it('a snapshot of one target holds what that target needs, and is judged alike', async () => {
    const to = `${process.env['TMPDIR'] ?? '/tmp'}/osm-probes-field-${process.pid}.tgz`;
    await run(['snapshot', 'deploy/never-carried-out', '-n', FIELD_NS, '--to', to], ENV);
    const {stdout} = await run(['verify', '--from', to, '-n', FIELD_NS, '-o', 'json'], ENV);
    const recorded = JSON.parse(stdout) as Document;
    assert.deepEqual([...new Set(recorded.probes.map(({workload}) => workload.name))], ['never-carried-out']);
    assert.deepEqual(saidOf(recorded, 'never-carried-out'), saidOf(document, 'never-carried-out'));
  });
});
