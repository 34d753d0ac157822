import type {Answer, Ask, Exchange} from '../../model/answer.ts';
import {ClusterError, type PodName} from '../cluster.ts';
import {askOver, type Heard} from './ask.ts';
import type {Credentials} from './credentials.ts';
import {MAX_STREAMS, openTunnel, type TunnelLimits} from './tunnel.ts';

/**
 * Asks a pod's ports all questions at once over one WebSocket. A question whose deadline came in silence is asked once
 * more over a WebSocket of its own, because only there the end of its stream is told, so that a closed connection is
 * not taken for a slow app.
 * @throws {ClusterError} the tunnel could not be opened, or broke twice; the kubelet could not reach the pod's network
 */
export async function exchange(credentials: Credentials, pod: PodName, asks: Ask[], limits: TunnelLimits): Promise<Exchange> {
  const rounds: Exchange[] = [];
  for (let at = 0; at < asks.length; at += MAX_STREAMS) rounds.push(await round(credentials, pod, asks.slice(at, at + MAX_STREAMS), limits));
  return {setupMs: Math.max(0, ...rounds.map(({setupMs}) => setupMs)), answers: rounds.flatMap(({answers}) => answers)};
}

async function round(credentials: Credentials, pod: PodName, asks: Ask[], limits: TunnelLimits): Promise<Exchange> {
  const first = await together(credentials, pod, asks, limits);
  const answers = await Promise.all(
    first.heard.map(async (heard, index): Promise<Answer> => {
      if ('answer' in heard) return heard.answer;
      if ('fault' in heard) throw unable(pod, heard.fault);
      if (limits.signal.aborted) throw new ClusterError('aborted', {asked: asked(pod), got: 'interrupted'});
      const again = (await together(credentials, pod, [asks[index]!], limits)).heard[0]!;
      if ('answer' in again) return again.answer;
      if ('unsure' in again) return again.unsure;
      if (limits.signal.aborted) throw new ClusterError('aborted', {asked: asked(pod), got: 'interrupted'});
      throw 'fault' in again ? unable(pod, again.fault) : new ClusterError('bad-answer', {asked: asked(pod), got: again.lost});
    }),
  );
  return {setupMs: first.setupMs, answers};
}

async function together(credentials: Credentials, pod: PodName, asks: Ask[], limits: TunnelLimits): Promise<{setupMs: number; heard: Heard[]}> {
  const tunnel = await openTunnel(credentials, pod, asks.map(({port}) => port), limits);
  try {
    return {setupMs: tunnel.setupMs, heard: await Promise.all(asks.map((ask, index) => askOver(tunnel.streams[index]!, ask, asks.length === 1)))};
  } finally {
    tunnel.close();
  }
}

function asked({namespace, name}: PodName): string {
  return `a port-forward to pod ${namespace}/${name}`;
}

function unable(pod: PodName, got: string): ClusterError {
  return new ClusterError('invalid', {asked: asked(pod), got, try: `kubectl get pod ${pod.name} -n ${pod.namespace}`});
}
