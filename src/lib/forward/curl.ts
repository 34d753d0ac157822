import type {Ask} from '../model/answer.ts';
import {STARS} from '../model/credential.ts';
import type {Line, LocalPort} from '../model/keep.ts';
import type {Questions} from '../look/replay.ts';
import {quoted, Variables} from './shell.ts';

/** The kubelet's own headers, which an answer does not depend on. */
const LEFT_OUT = /^(user-agent: kube-probe\/.*|accept: \*\/\*|connection: close)$/i;

/** Commands that ask what the kubelet asks, over local ports: first through the mesh, then past it. */
export function curlsOf(questions: Questions[], ports: LocalPort[]): Line[] {
  const several = new Set(questions.map(({probe}) => probe.container)).size > 1;
  const through = questions.flatMap(({probe, through: ask}) => (ask ? lineOf(several ? `${probe.type} of ${probe.container}` : probe.type, ask, ports) : []));
  const past = questions.flatMap(({probe, past: ask}) => (ask ? lineOf(probe.container, ask, ports) : []));
  const known = new Set<string>();
  return [...through, ...past].filter(({command}) => !known.has(command) && known.add(command));
}

function lineOf(name: string, {port, send}: Ask, ports: LocalPort[]): Line[] {
  const local = ports.find(({remote}) => remote === port);
  if (!local) return [];
  const at = `${hostOf(local)}:${local.local}`;
  // A bare connect to a local port always succeeds: the end of the connection is what tells.
  if (send.kind === 'connect') return [{for: name, command: `curl -v telnet://${at}`}];
  if (send.kind === 'grpc') return [{for: name, command: `grpcurl -plaintext -authority ${quoted(send.authority)} -d ${quoted(JSON.stringify({service: send.service}))} ${at} grpc.health.v1.Health/Check`}];
  const variables = new Variables();
  const isMasked = (shown: string) => send.sent !== undefined && shown.includes(STARS);
  const text = (shown: string, of: string) => (isMasked(shown) ? variables.quoted(shown, of) : quoted(shown));
  const headers = send.headers
    .filter(({name: header, value}) => !LEFT_OUT.test(`${header}: ${value}`))
    .map(({name: header, value}) => ` -H ${text(value === '' ? `${header};` : `${header}: ${value}`, header)}`);
  const url = `${send.scheme.toLowerCase()}://${at}${send.path}`;
  const flags = [[send.scheme === 'HTTPS', ' -k'], [/[{}[\]]/.test(send.path), ' -g'], [send.path.includes('/.'), ' --path-as-is']];
  const given = flags.filter(([wanted]) => wanted).map(([, flag]) => flag);
  const command = `curl -i${given.join('')}${headers.join('')} ${/^[\w./:%=-]+$/.test(url) ? url : text(url, 'secret')}`;
  return [variables.names.length > 0 ? {for: name, command, set: variables.names} : {for: name, command}];
}

/** `localhost` where it is one of them, or all addresses are meant. */
function hostOf({addresses}: LocalPort): string {
  if (addresses.some((one) => ['127.0.0.1', '0.0.0.0', '::1', '::'].includes(one))) return 'localhost';
  return addresses[0]!.includes(':') ? `[${addresses[0]}]` : addresses[0]!;
}
