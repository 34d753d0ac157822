/** A manifest's container in short: what the test image listens on and answers, and its probes. */
interface Part {
  name?: string;
  args?: string[];
  ports?: object[];
  startup?: object;
  liveness?: object;
  readiness?: object;
  image?: string;
  more?: object;
}

export interface Situation {
  /** Also the name of its Deployment, unless `kind` says otherwise. */
  name: string;
  /** Row of the catalogue of failures that it makes. */
  row: string;
  parts: Part[];
  kind?: 'StatefulSet' | 'DaemonSet' | 'Pod';
  replicas?: number;
  service?: boolean;
  pod?: object;
  annotations?: Record<string, string>;
  /** Verdict of each probe, `container type`; those not named pass. */
  verdicts?: Record<string, 'fail' | 'warn' | 'unknown'>;
  /** Codes of all findings, sorted. */
  codes?: string[];
  /** What may be said instead, while a container that is restarted leaves less to see. */
  or?: string[];
  /** Codes that are added when every pod is looked into. */
  looked?: string[];
}

const http = (path: string, port: number | string = 8080, more: object = {}) => ({httpGet: {path, port, ...more}, periodSeconds: 2});
const https = (path: string, port = 8443) => ({httpGet: {path, port, scheme: 'HTTPS'}, periodSeconds: 2});
const tcp = (port: number | string) => ({tcpSocket: {port}, periodSeconds: 2});
const serve = (port: number, ...routes: string[]) => [`-listen=http::${port}`, ...routes.map((route) => `-route=${route}`)];
const tls = (port: number, ...routes: string[]) => [`-listen=https::${port}`, ...routes.map((route) => `-route=${route}`)];
const listen = (port: number) => [`-listen=tcp::${port}`];

const POD_IP = {env: [{name: 'POD_IP', valueFrom: {fieldRef: {fieldPath: 'status.podIP'}}}]};

const FAILS_A = {'a readiness': 'fail'} as const;
const FAILS = {'app readiness': 'fail'} as const;

/** Situations of a meshed namespace, each with what `verify` must say of it. */
export const SITUATIONS: Situation[] = [
  // Nothing is wrong
  {name: 'healthy', row: '-', parts: [{args: [...serve(8080, '/s=200', '/r=200'), ...listen(9000)], startup: http('/s'), readiness: http('/r'), liveness: tcp(9000)}], service: true},
  {name: 'healthy-three', row: '-', replicas: 3, parts: [{args: serve(8080, '/r=200'), readiness: http('/r')}]},
  {name: 'healthy-https', row: '-', parts: [{args: tls(8443, '/l=200'), liveness: https('/l')}]},
  {name: 'healthy-exec', row: '-', parts: [{args: serve(8080), readiness: {exec: {command: ['/bin/sh', '-c', 'test -x /probeapp']}, periodSeconds: 2}}]},
  {name: 'healthy-sts', row: '-', kind: 'StatefulSet', parts: [{args: serve(8080, '/r=200'), readiness: http('/r')}]},
  {name: 'healthy-ds', row: '-', kind: 'DaemonSet', parts: [{args: serve(8080, '/r=200'), readiness: http('/r')}]},
  {name: 'healthy-pod', row: '-', kind: 'Pod', parts: [{args: serve(8080, '/r=200'), readiness: http('/r')}]},
  {name: 'healthy-named-port', row: '-', parts: [{args: serve(8080, '/r=200'), ports: [{name: 'web', containerPort: 8080}], readiness: http('/r', 'web')}]},
  {name: 'query', row: 'E17', parts: [{args: serve(8080, '/r=200'), readiness: http('/r?full=1')}]},
  {name: 'excluded-port', row: 'E16', annotations: {'openservicemesh.io/inbound-port-exclusion-list': '8080'}, parts: [{args: serve(8080, '/r=200'), readiness: http('/r')}]},
  {name: 'loopback-only', row: 'D9', parts: [{args: ['-listen=http:127.0.0.1:8080', '-route=/r=200'], readiness: http('/r')}]},
  {name: 'tcp-tcp', row: 'TCP+TCP', parts: [{name: 'a', args: listen(3000), readiness: tcp(3000)}, {name: 'b', args: listen(3001), readiness: tcp(3001)}]},
  {name: 'two-types', row: 'different types', parts: [{name: 'a', args: serve(8080, '/a=200'), liveness: http('/a')}, {name: 'b', args: serve(8081, '/b=200'), readiness: http('/b', 8081)}]},
  {name: 'grpc-excluded', row: 'B7', annotations: {'openservicemesh.io/inbound-port-exclusion-list': '50051'}, parts: [{args: ['-listen=grpc::50051', '-grpc==SERVING'], readiness: {grpc: {port: 50051}, periodSeconds: 2}}]},

  // Several containers
  {name: 'http-http', row: 'A1', parts: [{name: 'a', args: serve(8080, '/a=503'), readiness: http('/a')}, {name: 'b', args: serve(8081, '/b=200'), readiness: http('/b', 8081)}], verdicts: FAILS_A, codes: ['OSMP101']},
  {name: 'http-tcp', row: 'A3', parts: [{name: 'a', args: serve(8080, '/a=200'), readiness: http('/a')}, {name: 'b', args: listen(3001), readiness: tcp(3001)}], verdicts: FAILS_A, codes: ['OSMP102']},
  {name: 'tcp-http', row: 'A4', parts: [{name: 'a', args: listen(3000), readiness: tcp(3000)}, {name: 'b', args: serve(8081, '/b=200'), readiness: http('/b', 8081)}], verdicts: FAILS_A, codes: ['OSMP103']},
  {name: 'tcp-http-healed', row: 'A4 heals', parts: [{name: 'a', args: listen(3000), readiness: tcp(3000)}, {name: 'b', args: serve(8081, '/b=200'), readiness: http('/b', 8081), liveness: tcp(8081)}]},
  {name: 'http-https', row: 'A5', parts: [{name: 'a', args: serve(8080, '/a=200'), readiness: http('/a')}, {name: 'b', args: tls(8444, '/b=200'), readiness: https('/b', 8444)}], verdicts: FAILS_A, codes: ['OSMP104']},
  {name: 'https-http', row: 'A6', parts: [{name: 'a', args: tls(8443, '/a=200'), readiness: https('/a')}, {name: 'b', args: serve(8081, '/b=200'), readiness: http('/b', 8081)}], verdicts: FAILS_A, codes: ['OSMP104']},
  {name: 'https-https', row: 'A2', parts: [{name: 'a', args: tls(8443, '/a=200'), readiness: https('/a')}, {name: 'b', args: tls(8444, '/b=200'), readiness: https('/b', 8444)}], verdicts: FAILS_A, codes: ['OSMP101']},
  {name: 'https-tcp', row: 'A3', parts: [{name: 'a', args: tls(8443, '/a=200'), readiness: https('/a')}, {name: 'b', args: listen(3001), readiness: tcp(3001)}], verdicts: FAILS_A, codes: ['OSMP102']},

  // The spec of the probe
  {name: 'unresolved-http', row: 'D7', parts: [{args: serve(8080, '/r=200'), readiness: http('/r', 'nosuch')}], verdicts: FAILS, codes: ['OSMP108']},
  {name: 'unresolved-tcp', row: 'D7', parts: [{args: serve(8080), readiness: tcp('nosuch')}], verdicts: FAILS, codes: ['OSMP108']},
  {name: 'host-set', row: 'E7', parts: [{args: serve(8080, '/r=200'), readiness: http('/r', 8080, {host: '127.0.0.1'})}], verdicts: FAILS, codes: ['OSMP109']},
  {name: 'no-slash', row: 'E8', parts: [{args: serve(8080, '/r=200'), readiness: http('r')}], verdicts: FAILS, codes: ['OSMP110']},
  {name: 'grpc', row: 'B7', service: true, parts: [{args: ['-listen=grpc::50051', '-grpc==SERVING'], readiness: {grpc: {port: 50051}, periodSeconds: 2}}], verdicts: FAILS, codes: ['OSMP111']},
  {name: 'exported', row: 'B16', parts: [{args: serve(8080, '/r=200'), readiness: http('/osm-readiness-probe', 15902)}], verdicts: FAILS, codes: ['OSMP107']},
  {name: 'app-on-probe-port', row: 'C6', parts: [{args: serve(15902, '/r=200'), ports: [{containerPort: 15902}], readiness: http('/r', 8080)}], verdicts: FAILS, codes: ['OSMP119']},
  {name: 'native-sidecar', row: 'B9', pod: {initContainers: [{name: 'side', image: '${IMAGE}', imagePullPolicy: 'IfNotPresent', restartPolicy: 'Always', args: ['-listen=http::8099']}]}, parts: [{args: serve(8080, '/r=200'), readiness: http('/r')}], verdicts: {'app readiness': 'unknown'}, codes: ['OSMP113']},

  // The app, as live answers decide
  {name: 'app-503', row: 'E1', parts: [{args: serve(8080, '/r=503'), readiness: http('/r')}], verdicts: FAILS, codes: ['OSMP401']},
  {name: 'port-closed', row: 'D1', parts: [{args: serve(8080), readiness: http('/r', 8081)}], verdicts: FAILS, codes: ['OSMP402']},
  {name: 'wrong-path', row: 'E12', parts: [{args: serve(8080, '/ready=200'), readiness: http('/raedy')}], verdicts: FAILS, codes: ['OSMP401']},
  {name: 'tcp-closed', row: 'D5', parts: [{args: serve(8080), readiness: tcp(9000)}], verdicts: FAILS, codes: ['OSMP402']},
  {name: 'slow', row: 'E10', parts: [{args: serve(8080, '/r=200,delay=3s'), readiness: http('/r')}], verdicts: FAILS, codes: ['OSMP403']},
  {name: 'https-closed', row: 'D13', parts: [{args: serve(8080), readiness: https('/r', 8443)}], verdicts: FAILS, codes: ['OSMP402']},
  {name: 'https-plain', row: 'HTTPS to plaintext', parts: [{args: serve(8080, '/r=200'), readiness: https('/r', 8080)}], verdicts: FAILS, codes: ['OSMP406']},
  {name: 'redirect-away', row: 'E4', parts: [{args: serve(8080, '/r=302,location=http://example.com/'), readiness: http('/r')}], verdicts: {'app readiness': 'warn'}, codes: ['OSMP507']},

  {name: 'pod-ip-only', row: 'D2', parts: [{args: ['-listen=http:podip:8080', '-route=/r=200'], readiness: http('/r'), more: POD_IP}], verdicts: FAILS, codes: ['OSMP402']},
  {name: 'tcp-pod-ip-only', row: 'D4', parts: [{args: ['-listen=tcp:podip:9000'], readiness: tcp(9000), more: POD_IP}], verdicts: FAILS, codes: ['OSMP402']},
  {name: 'tls-behind-http', row: 'D10', parts: [{args: tls(8443, '/r=200'), readiness: http('/r', 8443)}], verdicts: FAILS, codes: ['OSMP405']},
  {name: 'no-http', row: 'D11', parts: [{args: ['-listen=grpc::50051', '-grpc==SERVING'], readiness: http('/r', 50051)}], verdicts: FAILS, codes: ['OSMP407']},
  {name: 'accepts-and-closes', row: 'D10', parts: [{args: listen(9000), readiness: {...http('/r', 9000), timeoutSeconds: 4, periodSeconds: 5}}], verdicts: FAILS, codes: ['OSMP408']},
  {name: 'needs-login', row: 'E11', parts: [{args: serve(8080, '/r=401'), readiness: http('/r')}], verdicts: FAILS, codes: ['OSMP401']},
  {name: 'redirect-path', row: 'E2', parts: [{args: serve(8080, '/r=302,location=/login', '/login=200'), readiness: http('/r')}], verdicts: FAILS, codes: ['OSMP409']},
  {name: 'redirect-port', row: 'E2', service: true, parts: [{args: serve(8080, '/r=302,location=http://$(POD_IP):8080/login', '/login=200'), readiness: http('/r'), more: POD_IP}], verdicts: FAILS, codes: ['OSMP409']},
  {name: 'redirect-https', row: 'E3', parts: [{args: serve(8080, '/r=302,location=https://$(POD_IP):15902/login'), readiness: http('/r'), more: POD_IP}], verdicts: FAILS, codes: ['OSMP409']},
  {name: 'minds-host', row: 'E5', parts: [{args: serve(8080, '/r=200,host=$(POD_IP):8080'), readiness: http('/r'), more: POD_IP}], verdicts: FAILS, codes: ['OSMP410']},
  {name: 'near-timeout', row: 'near timeout', parts: [{args: serve(8080, '/r=200,delay=900ms'), readiness: http('/r')}], looked: ['OSMP413']},
  {name: 'http-1.0', row: '-', parts: [{args: ['-listen=http10::8080', '-route=/r=200'], readiness: http('/r')}]},
  {name: 'not-serving', row: 'gRPC', annotations: {'openservicemesh.io/inbound-port-exclusion-list': '50051'}, parts: [{args: ['-listen=grpc::50051', '-grpc==NOT_SERVING'], readiness: {grpc: {port: 50051}, periodSeconds: 2}}], verdicts: FAILS, codes: ['OSMP417']},
  {name: 'starts-too-slowly', row: 'E13', parts: [{args: [...serve(8080, '/l=200'), '-warmup=1h'], liveness: {...http('/l'), failureThreshold: 3}}], verdicts: {'app liveness': 'fail'}, codes: ['OSMP402'], or: ['OSMP511']},

  // Containers
  {name: 'crash-loop', row: 'crash-loop', parts: [{args: [...serve(8080, '/r=200'), '-exit-after=2s'], readiness: http('/r')}], verdicts: {'app readiness': 'unknown'}, codes: ['OSMP510']},
  {name: 'image-missing', row: 'no-image', parts: [{image: 'docker.io/library/missing:local', readiness: http('/r'), more: {imagePullPolicy: 'Never'}}], verdicts: {'app readiness': 'unknown'}, codes: ['OSMP602']},
  {name: 'unschedulable', row: 'pending', pod: {nodeSelector: {nosuch: 'label'}}, parts: [{args: serve(8080), readiness: http('/r')}], verdicts: {'app readiness': 'unknown'}, codes: ['OSMP601']},
  {name: 'secret-missing', row: 'CreateContainerConfigError', parts: [{args: serve(8080), readiness: http('/r'), more: {envFrom: [{secretRef: {name: 'nosuch'}}]}}], verdicts: {'app readiness': 'unknown'}, codes: ['OSMP603']},
  {name: 'volume-missing', row: 'FailedMount', pod: {volumes: [{name: 'v', secret: {secretName: 'nosuch'}}]}, parts: [{args: serve(8080), readiness: http('/r'), more: {volumeMounts: [{name: 'v', mountPath: '/v'}]}}], verdicts: {'app readiness': 'unknown'}, codes: ['OSMP604']},
  {name: 'non-root', row: 'C9', pod: {securityContext: {runAsNonRoot: true}}, parts: [{args: [...serve(8080, '/r=200'), ...listen(9000)], readiness: tcp(9000), more: {securityContext: {runAsUser: 1000}}}], verdicts: FAILS, codes: ['OSMP603']},
  {name: 'init-fails', row: 'init', pod: {initContainers: [{name: 'prepare', image: '${IMAGE}', imagePullPolicy: 'IfNotPresent', args: ['-exit-after=100ms']}]}, parts: [{args: serve(8080, '/r=200'), readiness: http('/r')}], verdicts: {'app readiness': 'unknown'}, codes: ['OSMP510']},
  {name: 'killed-by-liveness', row: 'E13', parts: [{args: serve(8080, '/l=503'), liveness: {...http('/l'), failureThreshold: 2}}], verdicts: {'app liveness': 'fail'}, codes: ['OSMP401'], or: ['OSMP511']},

  // The injector
  {name: 'bad-annotation', row: 'B4', annotations: {'openservicemesh.io/sidecar-injection': 'on'}, parts: [{args: serve(8080), readiness: http('/r')}], verdicts: {'app readiness': 'unknown'}, codes: ['OSMP605']},
];

const METADATA = (name: string) => ({name, labels: {app: name}});

/** The objects of a situation, as `kubectl apply` takes them. */
export function manifestsOf(situation: Situation, image: string): object[] {
  const {name, kind = 'Deployment', replicas = 1, parts, pod = {}, annotations, service} = situation;
  const containers = parts.map((part) => ({
    name: part.name ?? 'app',
    image: part.image ?? image,
    imagePullPolicy: 'IfNotPresent',
    ...(part.args ? {args: part.args} : {}),
    ...(part.ports ? {ports: part.ports} : {}),
    ...(part.startup ? {startupProbe: part.startup} : {}),
    ...(part.liveness ? {livenessProbe: part.liveness} : {}),
    ...(part.readiness ? {readinessProbe: part.readiness} : {}),
    ...part.more,
  }));
  const template = JSON.parse(JSON.stringify({metadata: {...METADATA(name), annotations}, spec: {terminationGracePeriodSeconds: 1, ...pod, containers}}).replaceAll('${IMAGE}', image)) as {metadata: object; spec: object};
  const spec = {...(kind === 'DaemonSet' ? {} : {replicas}), ...(kind === 'StatefulSet' ? {serviceName: name} : {}), selector: {matchLabels: {app: name}}, template};
  const owner = kind === 'Pod' ? {apiVersion: 'v1', kind, ...template} : {apiVersion: 'apps/v1', kind, metadata: {name}, spec};
  const port = {apiVersion: 'v1', kind: 'Service', metadata: {name}, spec: {selector: {app: name}, ports: [{name: 'http', port: 8080}]}};
  return service ? [owner, port] : [owner];
}
