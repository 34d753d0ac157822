import {createHash} from 'node:crypto';
import type {PodCase, ProbeCase, RefusedCase} from '../checks/case.ts';
import {carrierOf, type Cause, type Found} from '../checks/check.ts';
import {CREATION, refusalOf} from '../checks/creation.ts';
import {astray, UNEXPLAINED, unexplained} from '../checks/failing.ts';
import {CHECKS} from '../checks/index.ts';
import {clock} from '../checks/clock.ts';
import {ownerOfPort} from '../checks/ports.ts';
import {callPort, callText, endText, handlerText, targetText} from '../checks/words.ts';
import {inWords, wordsOf} from '../mesh/words.ts';
import {SEVERITIES, type Finding} from '../model/finding.ts';
import {groupedBy} from '../model/lookup.ts';
import {PROBE_TYPES} from '../model/probe.ts';
import {VERDICTS, type ProbeRow} from '../model/report.ts';
import {isOpen, type Symptom} from '../model/symptom.ts';
import {podStatus} from './pod-status.ts';
import {workloadName} from './declared.ts';
import {holdsUp, isIdle, severityOf, verdictOf} from './verdict.ts';

export interface Diagnosis {
  rows: ProbeRow[];
  findings: Finding[];
}

/**
 * Explains every symptom of every pod, judges every probe, and joins what replicas have in common. Takes the pods one by
 * one and holds none of them, so that ten thousand cost no more memory than what is said of them.
 */
export function diagnose(pods: Iterable<PodCase>, refused: RefusedCase[]): Diagnosis {
  const findings = new Map<string, Finding>();
  const rows = new Map<string, ProbeRow>();
  const silent = new Set<object>();
  const asking = new Map<string, string[]>();
  for (const pod of pods) {
    const well = isWell(pod);
    const causes = well && silent.has(pod.structure) ? [] : causesOf(pod);
    if (well && causes.length === 0) silent.add(pod.structure);
    for (const cause of causes) {
      const finding = findingOf(pod, cause);
      joinFinding(findings, finding);
      if (cause.found.asks) asking.set(finding.fingerprint, cause.found.asks);
    }
    const mine = concerning(pod, causes);
    for (const probe of pod.probes) joinRow(rows, rowOf(pod, probe, mine(probe)));
  }
  for (const one of refused) {
    const finding = refusedFinding(one);
    joinFinding(findings, finding);
    for (const row of refusedRows(one, finding)) joinRow(rows, row);
  }
  nameNeighbours(findings, asking);
  return {rows: sortedRows([...rows.values()]), findings: sortedFindings([...findings.values()])};
}

/** Nothing was seen to go wrong: then what the checks say follows from how the pod was made, and replicas are all alike. */
function isWell({pod, meshed, symptoms, look, events}: PodCase): boolean {
  return meshed && symptoms.length === 0 && !look && events.seen && pod.node !== undefined && pod.containers.length > 0 && pod.containers.every(({state, ready}) => ready && state.kind === 'running');
}

/**
 * Runs the checks in order. A symptom belongs to the first cause that explains it; a check of failures whose
 * symptoms are all explained already has nothing left to say. What is over explains nothing and needs no explanation;
 * what is left in the end is printed as it is.
 */
function causesOf(pod: PodCase): Cause[] {
  const explained = new Set<Symptom>();
  /** Probes, and containers as a whole, of which a cause before has spoken. */
  const named = new Set<string>();
  const causes: Cause[] = [];
  for (const check of CHECKS) {
    for (const found of check.find(pod)) {
      const spoken = found.probe === undefined ? undefined : `${found.container}\n${found.probe}`;
      const open = (found.explains ?? []).filter(isOpen);
      if (check.namesFailure && (open.length > 0 ? open.every((one) => explained.has(one)) : spoken !== undefined && named.has(spoken))) continue;
      for (const one of open) explained.add(one);
      const about = spoken ?? found.container;
      if (about !== undefined) named.add(about);
      causes.push({check, found});
    }
  }
  const left = pod.symptoms.filter((one) => !explained.has(one) && one.kind !== 'probe-warning' && isOpen(one));
  const lost = pod.probes.filter(({reach, container, type}) => (reach === 'other' || reach === 'broken') && !named.has(container) && !named.has(`${container}\n${type}`));
  return [...causes, ...lost.map((one) => ({check: UNEXPLAINED, found: astray(pod, one)})), ...left.map((one) => ({check: UNEXPLAINED, found: unexplained(one)}))];
}

/**
 * A command that asks a Service fails with what stands behind it. Services are not read; one that bears the name of a
 * workload of this report which is not well itself is the first cause to look at.
 */
function nameNeighbours(findings: Map<string, Finding>, asking: Map<string, string[]>): void {
  for (const [fingerprint, hosts] of asking) {
    const finding = findings.get(fingerprint)!;
    for (const host of hosts) {
      const [name, namespace = finding.workload.namespace] = host.split('.');
      const behind = [...findings.values()].find((one) => one.severity === 'error' && one.workload.name === name && one.workload.namespace === namespace && one.workload.name !== finding.workload.name);
      if (behind) finding.couldBe = [`${workloadName(behind.workload)}, which it asks as ${host}, is not well itself: ${behind.code} ${behind.title}`, ...(finding.couldBe ?? [])];
    }
  }
}

function findingOf(pod: PodCase, {check, found}: Cause): Finding {
  const blame = found.blame ?? check.blame;
  const say = speaking(pod);
  const fix = say(found.fix ?? check.fix);
  return {
    code: check.code,
    slug: check.slug,
    title: say(found.title ?? check.title),
    severity: severityOf({check, found}),
    blame,
    workload: pod.workload,
    pods: [pod.pod.name],
    podState: podState(pod),
    ...(found.container === undefined ? {} : {container: found.container}),
    ...(found.probe === undefined ? {} : {probe: found.probe}),
    evidence: found.evidence.map((one) => (one.text.includes('{') ? {...one, text: say(one.text)} : one)),
    ...(found.because === undefined ? {} : {because: say(found.because)}),
    ...(found.couldBe === undefined ? {} : {couldBe: found.couldBe.map(say)}),
    ...(found.decides === undefined ? {} : {decides: say(found.decides)}),
    ...(found.effect === undefined ? {} : {effect: say(found.effect)}),
    ...(fix === '' ? {} : {fix}),
    ...(found.see === undefined ? {} : {see: found.see}),
    consequences: consequences(found),
    fingerprint: fingerprint(check.code, workloadName(pod.workload), pod.pod.namespace, found.container ?? '', found.probe ?? '', found.key ?? ''),
  };
}

/** Fills in what the pod's own mesh calls its parts. */
function speaking({profile}: PodCase): (text: string) => string {
  const words = wordsOf(profile?.seen ? profile.value : undefined);
  return (text) => inWords(text, words);
}

function podState({pod}: PodCase): string {
  const {ready, status, restarts} = podStatus(pod);
  return `READY ${ready}, ${status}, ${restarts} restart${restarts === '1' ? '' : 's'}`;
}

/** Symptoms that the evidence does not show already. */
function consequences({explains = [], evidence}: Found): string[] {
  const shown = evidence.map(({text}) => text).sort();
  const words = explains.filter(({state, text}) => state !== 'over' && state !== 'starting' && !beginsOne(shown, text));
  return [...new Set(words.map(({container, probe, kind, text}) => `${probe ? `${probe} of ${container}` : (container ?? kind)}: ${text}`))].sort();
}

/** Whether one of the sorted texts begins so: those that do stand where it would stand itself. */
function beginsOne(sorted: string[], text: string): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (sorted[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return sorted[low]?.startsWith(text) ?? false;
}

function fingerprint(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

function rowOf(pod: PodCase, probe: ProbeCase, mine: Cause[]): ProbeRow {
  const {verdict, why, until, soFar} = verdictOf(pod, probe, mine);
  const {ready, status, restarts} = podStatus(pod.pod);
  const say = speaking(pod);
  const profile = pod.profile?.seen ? pod.profile.value : undefined;
  return {
    workload: pod.workload,
    pods: [pod.pod.name],
    container: probe.container,
    probe: probe.type,
    declared: probe.declared.seen ? handlerText(probe.declared.value.probe.handler) : 'unknown',
    calls: callPort(probe.call),
    call: callText(probe.call),
    reaches: say(reaches(pod, probe)),
    verdict,
    why: say(why),
    ...(until === undefined ? {} : {until}),
    ...(soFar === undefined ? {} : {soFar: say(soFar)}),
    codes: [...new Set(mine.map(({check}) => check.code))],
    ...(profile ? {proof: profile.serves.proof} : {}),
    profile: profile?.title ?? (pod.meshed ? 'unknown' : 'outside the mesh'),
    ready,
    status,
    restarts,
    ageMs: pod.now - pod.pod.createdAt,
    node: pod.pod.node ?? '',
  };
}

/** The declared end is told with the container whose port it is, which need not be the one that is probed. */
function reaches(pod: PodCase, {path: {end}, reach, container, target}: ProbeCase): string {
  if (reach === 'unknown') return 'unknown';
  if (end.at !== 'target' || (reach !== 'declared' && reach !== 'altered')) return endText(end);
  const to = reach === 'declared' ? (target ?? end.target) : end.target;
  return targetText({...to, containers: [ownerOfPort(pod, container, to.port).container]});
}

/** Tells which causes concern a probe, in their order: its own, those of its container and of who answers for it, and what explains its symptoms. */
function concerning(pod: PodCase, all: Cause[]): (row: ProbeCase) => Cause[] {
  const causes = all.filter(({check}) => !check.aside);
  const places = new Map(causes.map((one, place) => [one, place]));
  const ofProbe = groupedBy(causes.filter(({found}) => found.probe !== undefined), ({found}) => `${found.container}\n${found.probe}`);
  const wider = causes.filter(({found}) => found.probe === undefined);
  const byContainer = groupedBy(wider, ({found}) => found.container);
  const bySymptom = groupedBy(wider.flatMap((cause) => (cause.found.explains ?? []).map((symptom) => ({symptom, cause}))), ({symptom}) => symptom);
  const holding = wider.filter(({found}) => found.container !== undefined && holdsUp(pod, found.container));
  return (row) => {
    const carrier = carrierOf(pod, row);
    const mine = new Set([
      ...(ofProbe.get(`${row.container}\n${row.type}`) ?? []),
      ...row.symptoms.flatMap((symptom) => (bySymptom.get(symptom) ?? []).map(({cause}) => cause)),
      ...(byContainer.get(undefined) ?? []),
      ...(byContainer.get(row.container) ?? []),
      ...(carrier === undefined ? [] : (byContainer.get(carrier) ?? [])),
      ...(isIdle(row) ? holding : []),
    ]);
    return [...mine].sort((a, b) => places.get(a)! - places.get(b)!);
  };
}

function refusedFinding(one: RefusedCase): Finding {
  const {symptom, workload, owner} = one;
  const {blame, why, because, fix, see} = refusalOf(one);
  return {
    code: CREATION.code,
    slug: CREATION.slug,
    title: CREATION.title,
    severity: CREATION.severity,
    blame,
    workload,
    pods: [],
    podState: `${owner.have} of ${owner.wanted} pods`,
    evidence: [symptom.evidence],
    because,
    effect: `${owner.wanted - owner.have} of ${owner.wanted} pods are missing`,
    ...(fix === '' ? {} : {fix}),
    ...(see === undefined ? {} : {see}),
    consequences: [],
    fingerprint: fingerprint(CREATION.code, workloadName(workload), workload.namespace, why),
  };
}

function refusedRows(one: RefusedCase, finding: Finding): ProbeRow[] {
  const {owner, workload} = one;
  const {why} = refusalOf(one);
  return (owner.template?.containers ?? []).flatMap((container) =>
    PROBE_TYPES.flatMap((type): ProbeRow[] => {
      const probe = container.probes[type];
      if (!probe) return [];
      return [
        {
          workload,
          pods: [],
          container: container.name,
          probe: type,
          declared: handlerText(probe.handler),
          calls: '–',
          call: '–',
          reaches: '–',
          verdict: 'unknown',
          why: `no pod: ${why}`,
          codes: [finding.code],
          profile: 'unknown',
          ready: '0/0',
          status: 'FailedCreate',
          restarts: '0',
          ageMs: one.now - owner.createdAt,
          node: '',
        },
      ];
    }),
  );
}

/** Replicas that agree in all but their names share a row. */
function joinRow(joined: Map<string, ProbeRow>, row: ProbeRow): void {
  const {workload, container, probe, declared, call, reaches, verdict, why, soFar = '', codes, profile} = row;
  const key = [workload.namespace, workload.kind, workload.name, container, probe, declared, call, reaches, verdict, why, soFar, codes.join(), profile].join('\n');
  const known = joined.get(key);
  if (!known) return void joined.set(key, row);
  for (const one of row.pods) known.pods.push(one);
  if (row.until !== undefined) known.until = Math.max(known.until ?? 0, row.until);
}

function sortedRows(all: ProbeRow[]): ProbeRow[] {
  for (const row of all) {
    row.pods.sort();
    if (row.until !== undefined || row.soFar !== undefined) row.why = startingText(row);
  }
  const worst = new Map<string, number>();
  for (const row of all) {
    const name = nameOf(row.workload);
    worst.set(name, Math.min(worst.get(name) ?? VERDICTS.length, VERDICTS.indexOf(row.verdict)));
  }
  return all.sort(
    (a, b) =>
      worst.get(nameOf(a.workload))! - worst.get(nameOf(b.workload))! ||
      order(nameOf(a.workload), nameOf(b.workload)) ||
      VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) ||
      PROBE_TYPES.indexOf(a.probe) - PROBE_TYPES.indexOf(b.probe) ||
      order(a.container, b.container) ||
      order(a.pods[0] ?? '', b.pods[0] ?? ''),
  );
}

/** Replicas start one after the other: what counts for all is the last one's time. */
function startingText({why, until, soFar}: ProbeRow): string {
  return `${why}${until === undefined ? '' : ` until ${clock(until)}`}${soFar === undefined ? '' : `; so far ${soFar}`}`;
}

function nameOf(workload: {namespace: string; kind: string; name: string}): string {
  return `${workload.namespace}/${workload.kind}/${workload.name}`;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Equal findings of replicas are one. Of replicas that differ in degree only, the worst is shown. */
function joinFinding(joined: Map<string, Finding>, finding: Finding): void {
  const known = joined.get(finding.fingerprint);
  if (!known) return void joined.set(finding.fingerprint, finding);
  const degree = ({severity}: Finding) => SEVERITIES.indexOf(severity);
  const shown = degree(finding) - degree(known) || order(finding.pods[0] ?? '', known.pods[0] ?? '');
  if (shown < 0) joined.set(finding.fingerprint, {...finding, pods: [...finding.pods, ...known.pods]});
  else for (const one of finding.pods) known.pods.push(one);
}

function sortedFindings(all: Finding[]): Finding[] {
  for (const finding of all) finding.pods = [...finding.pods.slice(0, 1), ...[...new Set(finding.pods.slice(1))].filter((name) => name !== finding.pods[0]).sort()];
  return all.sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      order(nameOf(a.workload), nameOf(b.workload)) ||
      order(a.code, b.code) ||
      order(a.container ?? '', b.container ?? '') ||
      order(a.probe ?? '', b.probe ?? '') ||
      order(a.fingerprint, b.fingerprint),
  );
}
