import type {AnsweredBy} from '../mesh/answered.ts';
import type {BreakReason, Via} from '../model/path.ts';
import type {Verdict} from '../model/report.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {decide} from './decide/index.ts';
import {viaOf, type Reading} from './reading.ts';
import {targetText} from './words.ts';

export interface Meaning {
  verdict: Verdict;
  means: string;
  couldBe?: string[];
  fix?: string;
}

/**
 * What two answers to one probe mean together: the cause that they prove, or plainly that they prove none. The verdict is
 * the kubelet's on what came through the mesh; without that it is unknown, whatever came past the mesh.
 */
export function meaningOf(pod: PodCase, probe: ProbeCase, reading: Reading | undefined): Meaning {
  const why = notAsked(probe);
  if (why !== undefined) return {verdict: 'unknown', means: why};
  const {through, past} = reading ?? {};
  if (!through) return {verdict: 'unknown', means: withoutMesh(probe, past?.ok)};
  const decision = decide(pod, probe, reading!);
  if (decision) {
    const {because, couldBe, fix} = decision;
    return {verdict: through.ok ? 'warn' : 'fail', means: because, ...(couldBe ? {couldBe} : {}), ...(fix === undefined ? {} : {fix})};
  }
  const stray = strayed(probe);
  if (stray !== undefined) return {verdict: through.ok ? 'warn' : 'fail', means: stray};
  if (!through.ok) return {verdict: 'fail', means: past?.ok ? 'the app answers well directly: the way through the mesh fails, and these answers do not tell why' : 'it fails, and these answers do not tell why'};
  if (reading!.replay.stopped?.why === 'other-host') return {verdict: 'warn', means: `redirected to ${reading!.replay.stopped.to}: the kubelet does not follow to another host, and counts that as success`};
  if (reading!.one) return {verdict: 'pass', means: 'the probe passes: the mesh is not on its way'};
  if (!past) return {verdict: 'pass', means: 'the probe passes; what was declared is not known, so nothing is compared'};
  if (!past.ok) return {verdict: 'warn', means: 'they differ: the probe passes through the mesh, and directly the declared request fails; these answers do not tell why'};
  if (probe.reach === 'altered') return {verdict: 'warn', means: `both pass, and the requests differ: the proxy sends ${probe.target?.raw ?? ''} as it is written, the kubelet asks for ${probe.target?.path ?? ''}`};
  if (probe.reach === 'weaker') return {verdict: 'warn', means: 'both pass, but the mesh asks for less than was declared'};
  return {verdict: 'pass', means: 'both say the same: the probe passes'};
}

/** Why a side can't be replayed, by the rules; undefined where it can. */
export function missingThrough({call, status, path: {end}}: ProbeCase): string {
  if (call.kind === 'exec') return 'exec: not run from here';
  if (call.kind === 'unresolved') return `not reproducible from here: the container names no port ${call.port}, so the kubelet sends nothing`;
  if (call.kind === 'unknown') return 'not reproducible from here: the pod holds no handler that is known';
  if (status?.state.kind !== 'running') return 'not asked';
  if (end.at === 'break') return `not reproducible from here: ${BREAKS[end.reason]}`;
  return 'not replayed';
}

export function missingPast({call, declared, status, target}: ProbeCase): string {
  if (call.kind === 'exec') return 'exec: not run from here';
  if (status?.state.kind !== 'running') return 'not asked';
  if (!declared.seen) return `what was declared is not known: ${declared.why.got}`;
  return target ? 'not replayed' : 'the declared port is not known';
}

/** By the rules of the mesh, where the kubelet's call ends before its target. */
export const BREAKS: Record<BreakReason, string> = {
  elsewhere: 'the probe names a host, and the kubelet calls that instead of the pod',
  'no-listener': 'nothing of the mesh listens on that port',
  'no-healthcheck': 'there is no healthcheck container on 15904',
  'ipv4-only': "the mesh's listeners are on IPv4, the pod's address is IPv6",
  'tls-to-plaintext': 'TLS meets a plaintext listener',
  'plaintext-to-tls': 'plaintext HTTP is relayed to a TLS port',
  'no-route': 'the proxy has no route for that path',
  'ambiguous-route': 'several routes match',
  'header-missing': 'the call lacks Original-Tcp-Port',
  'unresolved-port': 'the named port was not found, so the mesh calls a port that is none',
  'bad-path': 'the path reaches the app without its slash',
  'self-loop': 'the proxy would call itself; asking would only load it',
  'no-proxy': 'the proxy is not in the pod',
  redirected: 'the pod redirects that port to the mTLS listener, which does not answer the kubelet',
  'proxy-accepts': 'the proxy accepts the connection, whatever the app does',
  'by-service': "the proxy picks a Service's port",
  unknown: 'its handler is not known to this tool',
};

function notAsked({actual, call, status, path}: ProbeCase): string | undefined {
  if (!actual) return 'the pod does not have this probe';
  if (call.kind === 'exec') return 'exec probes are not rewritten, and not run from here';
  const state = status?.state;
  if (state?.kind !== 'running') return `the container does not run${state?.kind === 'waiting' || state?.kind === 'terminated' ? `: ${state.reason}` : ''}`;
  return path.end.at === 'break' && path.end.reason === 'self-loop' ? BREAKS['self-loop'] : undefined;
}

/** Only the app itself was asked; the rules say what becomes of the kubelet's call, and a tunnel can't prove it. */
function withoutMesh({path: {end}}: ProbeCase, pastOk: boolean | undefined): string {
  const app = pastOk === undefined ? 'nothing of it can be replayed over a tunnel' : pastOk ? 'the app answers well directly' : 'the app itself fails, directly asked';
  return end.at === 'break' && end.reason === 'redirected' ? `${app}; by the rules the kubelet's call never reaches it, and fails` : `${app}; what the kubelet's call gets, a tunnel can't show`;
}

/** The answer through the mesh is not the declared target's. */
function strayed({path: {end}, reach, container}: ProbeCase): string | undefined {
  if (end.at === 'target') return reach === 'other' ? `the mesh asks ${targetText(end.target)}, not what was declared: the answer says nothing of container ${container}` : undefined;
  if (end.reason === 'by-service' || end.reason === 'unknown') return undefined;
  return `the way ends in the mesh: ${BREAKS[end.reason]}`;
}

/** Who gave the answer through the mesh, in a few words. */
export function answererText(by: AnsweredBy, probe: ProbeCase): string {
  switch (by.by) {
    case 'app':
      return `${appText(probe)} answered${PASSED_ON[viaOf(probe)]}`;
    case 'nobody':
      return 'nobody: the connection was refused';
    case 'healthcheck': {
      const port = probe.path.end.at === 'target' ? ` to :${probe.path.end.target.port}` : '';
      return {connected: `healthcheck container: it could connect${port}`, 'cannot-connect': `healthcheck container: it could not connect${port}`, 'no-header': 'healthcheck container: no Original-Tcp-Port', other: 'healthcheck container'}[by.says];
    }
    case 'proxy':
      return PROXY[by.says];
  }
}

/** A probe that ends at another container's target was not answered by its own app. */
function appText({path: {end}, reach, container}: ProbeCase): string {
  const others = end.at === 'target' && reach === 'other' ? end.target.containers.filter((name) => name !== container) : [];
  return others.length > 0 ? `container ${others.join(', ')}` : 'the app';
}

const PASSED_ON: Record<Via, string> = {direct: '', 'envoy-http': ', {proxy} passed it on', 'envoy-tcp': ', {proxy} relayed it', healthcheck: '', pipy: ', {proxy} passed it on'};

const PROXY: Record<Extract<AnsweredBy, {by: 'proxy'}>['says'], string> = {
  'cannot-connect': '{proxy} itself: it cannot connect to the app',
  'app-closed': '{proxy} itself: the app closed without an answer',
  'no-http': '{proxy} itself: the app speaks no HTTP/1',
  'gave-up': '{proxy} itself: the app was too slow for it',
  'no-route': '{proxy} itself: it has no route for that path',
  'tls-refused': '{proxy} itself: TLS fails',
  other: '{proxy} itself',
};
