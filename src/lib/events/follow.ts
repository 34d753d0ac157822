import type {Commands} from '../checks/case.ts';
import {ClusterError, type Cluster} from '../cluster/cluster.ts';
import {getOwner, watchEvents, watchPods} from '../cluster/observe.ts';
import {caseOf} from '../diagnosis/case.ts';
import {workloadOf} from '../diagnosis/declared.ts';
import {eventHappened, statusHappened} from '../diagnosis/events/happened.ts';
import {asideOf, BY_KIND, withinOf, type Facts, type Scope} from '../gather.ts';
import type {ClusterEvent} from '../model/event.ts';
import type {EventsReport} from '../model/events-report.ts';
import type {Happening} from '../model/happening.ts';
import type {Pod} from '../model/pod.ts';
import {isTarget} from '../target.ts';
import {tell, type TellingOptions} from './events.ts';

/**
 * Reports once, then says what changes until `signal` aborts. The watches begin before the lists, so that nothing falls
 * between; what both tell is said once.
 * @throws {ClusterError} when pods can't be listed; once the report is out, when they may not be watched
 */
export async function follow(cluster: Cluster, scope: Scope, commands: Commands, options: TellingOptions, say: {report(report: EventsReport): void; happening(one: Happening): void}, signal: AbortSignal): Promise<void> {
  const early: (() => Promise<void>)[] = [];
  let handle = (work: () => Promise<void>): void => void early.push(work);
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const told = new Told(cluster, scope, commands, options, say.happening);
  const watches = withinOf(scope).flatMap((one) => [
    watchPods(cluster, {...one, ...(scope.selector ? {labelSelector: scope.selector} : {})}, (pod, gone) => handle(() => told.pod(pod, gone)), both),
    watchEvents(cluster, one, (event) => handle(() => told.event(event)), both),
  ]);
  const ended = Promise.all(watches).catch((error: unknown) => {
    stop.abort();
    throw error;
  });
  const begun = told.begin().then((report) => {
    say.report(report);
    // One after another: an event may speak of a pod whose owner is being asked for.
    let chain = Promise.resolve();
    let failed = false;
    handle = (work) => {
      chain = chain.then(() => (failed ? undefined : work())).catch((error: unknown) => {
        failed = true;
        told.failure = error;
        stop.abort();
      });
    };
    for (const work of early) handle(work);
  });
  ended.catch(() => undefined); // It is awaited once the report is out, which needs no watch.
  await begun.catch((error: unknown) => {
    stop.abort();
    throw error;
  });
  await ended;
  if (told.failure !== undefined && !signal.aborted) throw told.failure as Error;
}

/** What has been told already: the pods in scope as they were last seen, and the counts of their events. */
class Told {
  failure: unknown;
  readonly #cluster: Cluster;
  readonly #scope: Scope;
  readonly #commands: Commands;
  readonly #options: TellingOptions;
  readonly #say: (one: Happening) => void;
  #facts: Facts | undefined;
  readonly #pods = new Map<string, Pod>();
  readonly #counts = new Map<string, number>();

  constructor(cluster: Cluster, scope: Scope, commands: Commands, options: TellingOptions, say: (one: Happening) => void) {
    this.#cluster = cluster;
    this.#scope = scope;
    this.#commands = commands;
    this.#options = options;
    this.#say = say;
  }

  async begin(): Promise<EventsReport> {
    const {facts, report} = await tell(this.#cluster, this.#scope, this.#commands, this.#options);
    this.#facts = facts;
    for (const pod of facts.pods) this.#pods.set(pod.uid, pod);
    for (const list of facts.events.byUid.values()) for (const {uid, count} of list) this.#counts.set(uid, count);
    return report;
  }

  async pod(pod: Pod, gone: boolean): Promise<void> {
    const {owners, namespaces} = this.#facts!;
    const before = this.#pods.get(pod.uid);
    if (gone) {
      if (before) this.#say({at: this.#cluster.now(), workload: workloadOf(pod, owners), pod: pod.name, about: 'status', text: 'pod is gone'});
      this.#pods.delete(pod.uid);
      return;
    }
    if (!before) {
      const aside = asideOf(pod, namespaces);
      if (aside !== undefined && (aside !== 'outside' || this.#scope.targets.length === 0)) return;
      await this.#learn(pod);
      if (this.#scope.targets.length > 0 && !this.#scope.targets.some((target) => isTarget(target, pod, workloadOf(pod, owners)))) return;
    }
    this.#pods.set(pod.uid, pod);
    for (const one of statusHappened(before, pod, workloadOf(pod, owners), this.#cluster.now())) this.#say(one);
  }

  async event(event: ClusterEvent): Promise<void> {
    const pod = this.#pods.get(event.involved.uid);
    const known = this.#counts.get(event.uid) ?? 0;
    if (!pod || known >= event.count) return;
    this.#counts.set(event.uid, event.count);
    const {owners, namespaces} = this.#facts!;
    const alone = caseOf({pod, owners, namespace: namespaces.get(pod.namespace), events: {seen: true, value: [event]}, now: this.#cluster.now(), commands: this.#commands});
    const happened = eventHappened(alone, event);
    const {probes} = this.#options;
    if (happened && (probes === undefined || happened.about !== 'probe' || probes.some((type) => happened.text.startsWith(`${type} `)))) this.#say(happened);
  }

  /** The owner of a pod that is new: a rollout makes a ReplicaSet that no list had. */
  async #learn({owner, namespace}: Pod): Promise<void> {
    const {owners} = this.#facts!;
    const resource = owner && BY_KIND.get(owner.kind);
    if (!owner || !resource || owners.byUid.has(owner.uid)) return;
    try {
      owners.byUid.set(owner.uid, await getOwner(this.#cluster, resource, namespace, owner.name));
    } catch (error) {
      // Without it the pod is told under its own name, and its declared probes are unknown.
      if (!(error instanceof ClusterError) || error.reason === 'aborted') throw error;
    }
  }
}
