import type {PodCase} from './case.ts';
import type {Check, Found} from './check.ts';
import {unreadyCondition} from '../model/pod.ts';
import type {Evidence} from '../model/symptom.ts';

// Trouble of a pod that is no probe's: its probes keep their own verdicts.

function condition({pod, commands}: PodCase, text: string): Evidence {
  return {label: 'status', text, source: 'pod status', command: commands.kubectl(`describe pod ${pod.name} -n ${pod.namespace}`)};
}

const gate: Check = {
  code: 'OSMP606',
  slug: 'readiness-gate',
  title: 'All containers are ready, and a readiness gate of the pod is not',
  severity: 'error',
  blame: 'not yet known',
  cause: 'A pod is Ready only when the controllers of its readiness gates say so, too: a load balancer\'s, most often. No probe has a part in it.',
  fix: 'the controller that sets the condition: whether it runs, and what it says of this pod',
  cases: ['readiness gate'],
  aside: true,
  find: (pod) => {
    const ready = unreadyCondition(pod.pod);
    if (!ready || ready.reason !== 'ReadinessGatesNotReady' || pod.symptoms.some(({kind, state}) => kind === 'not-ready' && state === 'starting')) return [];
    const gates = pod.pod.readinessGates;
    const named = gates.filter((name) => ready.message.includes(name));
    const which = (named.length > 0 ? named : gates).join(', ') || 'that the pod names';
    const unset = /does not exist/.test(ready.message);
    return [
      {
        why: `readiness gate ${which}`,
        key: which,
        because: unset ? `nobody has set the condition ${which}, which a controller must set to True` : `the controller of ${which} does not say True`,
        effect: 'takes no traffic, though all its containers are ready',
        evidence: [condition(pod, ready.text)],
        explains: pod.symptoms.filter(({kind}) => kind === 'not-ready'),
        see: pod.commands.kubectl(`get pod ${pod.pod.name} -n ${pod.pod.namespace} -o jsonpath='{.status.conditions}'`),
      },
    ];
  },
};

const node: Check = {
  code: 'OSMP607',
  slug: 'node-gone',
  title: 'The node of the pod is not there',
  severity: 'error',
  blame: 'node',
  cause: 'When a node is not heard of, its pods keep the last statuses of their containers, and the node controller sets Ready to False or Unknown. Nobody runs their probes.',
  fix: 'the node: its kubelet, its network, its power',
  cases: ['node down'],
  silences: true,
  find: (pod) => {
    const ready = unreadyCondition(pod.pod);
    if (!ready || pod.pod.node === undefined) return [];
    // The kubelet gives a reason whenever it says so itself: then it is there, whatever was said before.
    const events = ready.reason === '' && pod.events.seen ? pod.events.value.filter(({reason, first, last}) => reason === 'NodeNotReady' && last + 60_000 >= (ready.since ?? 0) && first - 60_000 <= (ready.since ?? 0)) : [];
    const said = pod.pod.reason === 'NodeLost' || ready.status === 'Unknown' || ready.reason === 'NodeStatusUnknown' || events.length > 0;
    if (!said && !isNotTheKubelets(pod, ready)) return [];
    const see = pod.commands.kubectl(`describe node ${pod.pod.node}`);
    const found: Found = {
      why: said ? `node ${pod.pod.node} is not ready` : 'not Ready by another word than the kubelet\'s',
      effect: 'nobody runs the probes: what their containers\' statuses say is of before',
      evidence: [condition(pod, ready.text), ...events.map(({message, count, first, last}): Evidence => ({label: 'event', text: message, source: 'event', command: pod.commands.kubectl(`events --for pod/${pod.pod.name} -n ${pod.pod.namespace}`), times: {count, first, last}}))],
      explains: pod.symptoms.filter(({kind}) => kind === 'not-ready'),
      see,
    };
    return [said ? {...found, because: `the node controller has not heard of node ${pod.pod.node}`} : {...found, couldBe: ['the node, or its kubelet, is gone', 'another controller has set the condition'], decides: see, blame: 'not yet known'}];
  },
};

/** All containers are ready by the kubelet's last word, and it gives a reason whenever it says that a pod is not. */
function isNotTheKubelets({pod, symptoms}: PodCase, {reason, status}: {reason: string; status: string}): boolean {
  return status === 'False' && reason === '' && pod.containers.length > 0 && pod.containers.every(({ready, state}) => ready && state.kind === 'running') && symptoms.some(({kind, state}) => kind === 'not-ready' && state !== 'starting');
}

const stuckRollout: Check = {
  code: 'OSMP608',
  slug: 'rollout-stuck',
  title: 'A newer template of the StatefulSet does not reach this pod',
  severity: 'warning',
  blame: 'spec',
  cause: 'A StatefulSet with podManagementPolicy OrderedReady changes no pod while one of them is not Ready; so a template that is corrected never reaches the pod that needs it.',
  fix: 'kubectl delete pod, so that it is made from the new template',
  cases: ['forced rollback'],
  aside: true,
  find: (pod) => {
    const {owner} = pod;
    const [, update] = owner?.revisions ?? [];
    const hash = pod.pod.revisionHash;
    if (owner?.kind !== 'StatefulSet' || update === undefined || hash === undefined || hash === update || !unreadyCondition(pod.pod)) return [];
    const byHand = owner.updateStrategy === 'OnDelete';
    if (!byHand && (owner.podManagementPolicy ?? 'OrderedReady') !== 'OrderedReady') return [];
    // A partition keeps the pods below it at the revision that they have, a deleted one too.
    if (Number(/-(\d+)$/.exec(pod.pod.name)?.[1] ?? 0) < (owner.partition ?? 0)) return [];
    if (!pod.symptoms.some(({state, kind}) => state === 'going-on' && kind !== 'not-ready')) return [];
    return [
      {
        why: 'made from an older template',
        because: byHand ? `updateStrategy is OnDelete: revision ${update} reaches a pod when that is deleted` : `the StatefulSet waits for this pod to be Ready before it gives it revision ${update}; the pod is of ${hash}`,
        effect: 'a correction of the template does not reach it',
        fix: pod.commands.kubectl(`delete pod ${pod.pod.name} -n ${pod.pod.namespace}`),
        evidence: [{label: 'owner', text: `updateRevision ${update}, the pod has ${hash}`, source: 'owner', command: pod.commands.kubectl(`get statefulset ${owner.name} -n ${owner.namespace} -o yaml`)}],
        explains: [],
      },
    ];
  },
};

/** Checks of the pod as a whole. */
export const POD: Check[] = [node, gate, stuckRollout];
