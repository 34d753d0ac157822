import {container, crashLoop, ended, event, exec, fails, http, pod, REFUSED, tcp, unready, waiting, type Piece, type PodOptions, type Raw} from './pods.ts';

// Worlds with one thing that is far too long, or far too many: `size` characters, or so many of a kind.

/** A sentence about what is big, and the world where it is. */
export type Big = [what: string, worldOf: (size: number) => Piece[]];

const one = (options: PodOptions): Piece[] => [pod(options)];
const app = (readiness: Raw, more: Raw = {}): Raw => container('app', {readiness}, more);
const failing = {status: {app: unready}};
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({length: count}, (_, index) => make(index));

/** One text of `size` characters. */
export const LONG: Big[] = [
  ['a path', (size) => one({containers: [app(http(8080, `/${'a'.repeat(size)}`))]})],
  ['a path that fails', (size) => one({containers: [app(http(8080, `/${'a'.repeat(size)}`))], ...failing, events: [fails('Readiness', REFUSED(), {count: 9})]})],
  ['a path of dots', (size) => one({containers: [app(http(8080, '/..'.repeat(size / 3)))]})],
  ['a path of percent signs', (size) => one({containers: [app(http(8080, '%'.repeat(size)))]})],
  ['a path of escapes', (size) => one({containers: [app(http(8080, '/%2f "'.repeat(size / 6)))]})],
  ['a path of wide characters', (size) => one({containers: [app(http(8080, '車'.repeat(size)))]})],
  ['a path of lines', (size) => one({containers: [app(http(8080, 'a\n'.repeat(size / 2)))], ...failing, events: [fails('Readiness', REFUSED(), {count: 9})]})],
  ['a header', (size) => one({containers: [app(http(8080, '/', {httpHeaders: [{name: 'X-A', value: 'a-'.repeat(size / 2)}]}))]})],
  ['a header name', (size) => one({containers: [app(http(8080, '/', {httpHeaders: [{name: 'x-'.repeat(size / 2), value: 'a'}]}))]})],
  ['a host', (size) => one({containers: [app(http(8080, '/', {host: 'a.'.repeat(size / 2)}))]})],
  ['a port name', (size) => one({containers: [app(http('p'.repeat(size)))]})],
  ['a command', (size) => one({containers: [app(exec('sh', '-c', 'a-'.repeat(size / 2)))]})],
  ['a command of addresses', (size) => one({containers: [app(exec('sh', '-c', 'nc -nc http://a -addr='.repeat(size / 23)))]})],
  ['the name of a container', (size) => one({containers: [container('a-'.repeat(size / 2), {readiness: http()})]})],
  ['the name of a pod', (size) => one({name: 'a-'.repeat(size / 2)})],
  ['the name of a workload', (size) => one({workload: {kind: 'Deployment', name: 'a-'.repeat(size / 2)}})],
  ['an image', (size) => one({containers: [app(http(), {image: 'a/'.repeat(size / 2)})]})],
  ['an annotation', (size) => one({annotations: {'openservicemesh.io/x': 'a'.repeat(size)}})],
  ['an argument', (size) => one({containers: [app(http(), {args: ['PROXY_INBOUND -'.repeat(size / 15)]})]})],
  ["an argument of the mesh's init container", (size) => one({change: (raw) => (raw.spec.initContainers[0]!['args'] as string[]).push('-PROXY_INBOUND'.repeat(size / 14))})],
  ["a kubelet's words", (size) => one({...failing, events: [fails('Readiness', 'task '.repeat(size / 5), {count: 9})]})],
  ["a command's output", (size) => one({containers: [app(exec('x'))], ...failing, events: [fails('Readiness', 'sh: '.repeat(size / 4), {count: 9})]})],
  ['an answer that is a URL', (size) => one({...failing, events: [fails('Readiness', `Get "http://${'a/'.repeat(size / 2)}": EOF`, {count: 9})]})],
  ['why a container waits', (size) => one({status: {app: waiting('CreateContainerError', 'secret "'.repeat(size / 8))}})],
  ['how a container ended', (size) => one({status: {app: {...crashLoop(1, 30), lastState: {terminated: {...(ended(1, 30)['terminated'] as Raw), message: 'a-'.repeat(size / 2)}}}}})],
  ['a condition', (size) => one({conditions: [{type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'a-'.repeat(size / 2)}], ...failing})],
];

/** So many of a kind in one pod. */
export const MANY: Big[] = [
  ['containers', (count) => one({containers: many(count, (index) => container(`c${index}`))})],
  ['containers with a probe', (count) => one({containers: many(count, (index) => container(`c${index}`, {readiness: http(8000 + index)}))})],
  ['containers with a TCP probe', (count) => one({containers: many(count, (index) => container(`c${index}`, {liveness: tcp(8000 + index)}))})],
  ['containers that fail', (count) => one({containers: many(count, (index) => container(`c${index}`, {readiness: http(8000 + index)})), status: Object.fromEntries(many(count, (index) => [`c${index}`, unready])), events: many(count, (index) => fails('Readiness', REFUSED(8000 + index), {container: `c${index}`, count: 3}))})],
  ['containers that crash', (count) => one({containers: many(count, (index) => container(`c${index}`)), status: Object.fromEntries(many(count, (index) => [`c${index}`, crashLoop(1, 30)]))})],
  ['init containers', (count) => one({initContainers: many(count, (index) => container(`c${index}`))})],
  ['ports', (count) => one({containers: [app(http(), {ports: many(count, (index) => ({name: `p${index}`, containerPort: index + 1}))})]})],
  ['variables', (count) => one({containers: [app(http(), {env: many(count, (index) => ({name: `V${index}`, value: 'x'}))})]})],
  ['headers', (count) => one({containers: [app(http(8080, '/', {httpHeaders: many(count, (index) => ({name: `X-${index}`, value: 'x'}))}))]})],
  ['arguments', (count) => one({containers: [app(http(), {args: many(count, (index) => `-${index}`)})]})],
  ['words of a command', (count) => one({containers: [app(exec(...many(count, (index) => `-${index}`)))]})],
  ['volumes', (count) => one({spec: {volumes: many(count, (index) => ({name: `v${index}`}))}})],
  ['annotations', (count) => one({annotations: Object.fromEntries(many(count, (index) => [`openservicemesh.io/${index}`, 'x']))})],
  ['conditions', (count) => one({conditions: [...many(count, (index) => ({type: `T${index}`, status: 'False'})), {type: 'Ready', status: 'True'}]})],
  ['gates', (count) => one({spec: {readinessGates: many(count, (index) => ({conditionType: `T${index}`}))}, conditions: [{type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: 'x'}]})],
  ['events', (count) => one({...failing, events: many(count, (index) => fails('Readiness', REFUSED(), {last: index}))})],
  ['events of different words', (count) => one({...failing, events: many(count, (index) => fails('Readiness', `HTTP probe failed with statuscode: ${index}`, {last: index}))})],
  ['events of different reasons', (count) => one({...failing, events: many(count, (index) => event(`Reason${index}`, `x${index}`, {last: index}))})],
  ['events of a container that waits', (count) => one({status: {app: waiting('CreateContainerError', 'x')}, events: many(count, (index) => event('Failed', `Error: ${index}`, {last: index}))})],
];

/** So many pods. */
export const PODS: Big[] = [
  ['replicas', (count) => many(count, (index) => pod({name: `cart-${index}`}))],
  ['workloads', (count) => many(count, (index) => pod({name: `cart-${index}`, workload: {kind: 'Deployment', name: `cart${index}`}}))],
  ['replicas that fail', (count) => many(count, (index) => pod({name: `cart-${index}`, ...failing, events: [fails('Readiness', REFUSED(), {count: 9})]}))],
  ['workloads that fail', (count) => many(count, (index) => pod({name: `cart-${index}`, workload: {kind: 'Deployment', name: `cart${index}`}, ...failing, events: [fails('Readiness', REFUSED(), {count: 9})]}))],
  ['namespaces', (count) => many(count, (index) => pod({name: `cart-${index}`, namespace: `n${index}`, ...failing, events: [fails('Readiness', REFUSED(), {count: 9})]}))],
];
