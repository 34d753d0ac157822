import type {Answer, Ask, Exchange} from '../../model/answer.ts';
import {ClusterError, type PodName} from '../cluster.ts';
import {askOver, type Heard} from './ask.ts';
import type {Credentials} from './credentials.ts';
import {MAX_STREAMS, openTunnel, type TunnelLimits} from './tunnel.ts';
import {highest} from '../../model/extremes.ts';

/**
 * Asks a pod's ports all questions at once over one WebSocket. A question whose deadline came in silence is asked once
 * more over a WebSocket of its own, because only there the end of its stream is told, so that a closed connection is
 * not taken for a slow app.
 * @throws {ClusterError} the tunnel could not be opened, or broke twice; the kubelet could not reach the pod's network
 */
export async function exchange(credentials: Credentials, pod: PodName, asks: Ask[], limits: TunnelLimits): Promise<Exchange> {
  const rounds: Exchange[] = [];
  for (let at = 0; at < asks.length; at += MAX_STREAMS) rounds.push(await round(credentials, pod, asks.slice(at, at + MAX_STREAMS), limits));
  return {setupMs: highest(rounds.map(({setupMs}) => setupMs), 0), answers: rounds.flatMap(({answers}) => answers)};
}

async function round(credentials: Credentials, pod: PodName, asks: Ask[], limits: TunnelLimits): Promise<Exchange> {
  const tunnel = await openTunnel(credentials, pod, asks.map(({port}) => port), limits);
  let over = false;
  try {
    const answers = await Promise.all(
      asks.map(async (ask, index) => {
        const heard = await askOver(tunnel.streams[index]!, ask, asks.length === 1);
        return 'answer' in heard || 'fault' in heard || over ? known(pod, heard, limits) : known(pod, await askAlone(credentials, pod, ask, limits), limits);
      }),
    );
    return {setupMs: tunnel.setupMs, answers};
  } finally {
    over = true;
    tunnel.close();
  }
}

async function askAlone(credentials: Credentials, pod: PodName, ask: Ask, limits: TunnelLimits): Promise<Heard> {
  if (limits.signal.aborted) return {lost: 'interrupted'};
  const tunnel = await openTunnel(credentials, pod, [ask.port], limits);
  try {
    return await askOver(tunnel.streams[0]!, ask, true);
  } finally {
    tunnel.close();
  }
}

function known(pod: PodName, heard: Heard, {signal}: TunnelLimits): Answer {
  if ('answer' in heard) return heard.answer;
  if ('unsure' in heard) return heard.unsure;
  if (signal.aborted) throw new ClusterError('aborted', {asked: asked(pod), got: 'interrupted'});
  throw 'fault' in heard ? unable(pod, heard.fault) : new ClusterError('bad-answer', {asked: asked(pod), got: heard.lost});
}

function asked({namespace, name}: PodName): string {
  return `a port-forward to pod ${namespace}/${name}`;
}

function unable(pod: PodName, got: string): ClusterError {
  return new ClusterError('invalid', {asked: asked(pod), got, try: `kubectl get pod ${pod.name} -n ${pod.namespace}`});
}
