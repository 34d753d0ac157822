import {createHash} from 'node:crypto';
import type {PodCase, ProbeCase, RefusedCase} from '../checks/case.ts';
import type {Check, Found} from '../checks/check.ts';
import {CREATION, refusalOf} from '../checks/creation.ts';
import {carrierOf} from '../checks/check.ts';
import {astray, UNEXPLAINED, unexplained} from '../checks/failing.ts';
import {CHECKS} from '../checks/index.ts';
import {callPort, callText, endText, handlerText, targetText} from '../checks/words.ts';
import {SEVERITIES, type Finding, type Severity} from '../model/finding.ts';
import {PROBE_TYPES} from '../model/probe.ts';
import {VERDICTS, type ProbeRow, type Verdict} from '../model/report.ts';
import type {Symptom} from '../model/symptom.ts';
import {podStatus} from './pod-status.ts';
import {workloadName} from './declared.ts';

export interface Diagnosis {
  rows: ProbeRow[];
  findings: Finding[];
}

interface Cause {
  check: Check;
  found: Found;
}

/**
 * Explains every symptom of every pod, judges every probe, and joins what replicas have in common. Takes the pods one by
 * one and holds none of them, so that ten thousand cost no more memory than what is said of them.
 */
export function diagnose(pods: Iterable<PodCase>, refused: RefusedCase[]): Diagnosis {
  const findings = new Map<string, Finding>();
  const rows = new Map<string, ProbeRow>();
  const silent = new Set<object>();
  for (const pod of pods) {
    const well = isWell(pod);
    const causes = well && silent.has(pod.structure) ? [] : causesOf(pod);
    if (well && causes.length === 0) silent.add(pod.structure);
    for (const cause of causes) joinFinding(findings, findingOf(pod, cause));
    for (const probe of pod.probes) joinRow(rows, rowOf(pod, probe, causes));
  }
  for (const one of refused) {
    const finding = refusedFinding(one);
    joinFinding(findings, finding);
    for (const row of refusedRows(one, finding)) joinRow(rows, row);
  }
  return {rows: sortedRows([...rows.values()]), findings: sortedFindings([...findings.values()])};
}

/** Nothing was seen to go wrong: then what the checks say follows from how the pod was made, and replicas are all alike. */
function isWell({pod, meshed, symptoms, look, events}: PodCase): boolean {
  return meshed && symptoms.length === 0 && !look && events.seen && pod.node !== undefined && pod.containers.length > 0 && pod.containers.every(({state, ready}) => ready && state.kind === 'running');
}

/**
 * Runs the checks in order. A symptom belongs to the first cause that explains it; a check of failures whose
 * symptoms are all explained already has nothing left to say, nor has one of a symptom that is over. What is left in
 * the end is printed as it is.
 */
function causesOf(pod: PodCase): Cause[] {
  const explained = new Set<Symptom>();
  const causes: Cause[] = [];
  for (const check of CHECKS) {
    for (const found of check.find(pod)) {
      const explains = found.explains ?? [];
      const fresh = explains.filter((one) => !explained.has(one));
      if (check.namesFailure && explains.length > 0 && !fresh.some(({state}) => state === 'going-on' || state === 'maybe')) continue;
      for (const one of fresh) explained.add(one);
      causes.push({check, found});
    }
  }
  const left = pod.symptoms.filter((one) => !explained.has(one) && one.kind !== 'probe-warning' && (one.state === 'going-on' || one.state === 'maybe'));
  const lost = pod.probes.filter(({reach, container, type}) => (reach === 'other' || reach === 'broken') && !causes.some(({found}) => found.container === container && found.probe === type));
  return [...causes, ...lost.map((one) => ({check: UNEXPLAINED, found: astray(pod, one)})), ...left.map((one) => ({check: UNEXPLAINED, found: unexplained(one)}))];
}

function findingOf(pod: PodCase, {check, found}: Cause): Finding {
  const blame = found.blame ?? check.blame;
  const fix = found.fix ?? check.fix;
  return {
    code: check.code,
    slug: check.slug,
    title: check.title,
    severity: found.severity ?? check.severity,
    blame,
    workload: pod.workload,
    pods: [pod.pod.name],
    podState: podState(pod),
    ...(found.container === undefined ? {} : {container: found.container}),
    ...(found.probe === undefined ? {} : {probe: found.probe}),
    evidence: found.evidence,
    ...(found.because === undefined ? {} : {because: found.because}),
    ...(found.couldBe === undefined ? {} : {couldBe: found.couldBe}),
    ...(found.decides === undefined ? {} : {decides: found.decides}),
    ...(found.effect === undefined ? {} : {effect: found.effect}),
    ...(fix === '' ? {} : {fix}),
    ...(found.see === undefined ? {} : {see: found.see}),
    consequences: consequences(found),
    fingerprint: fingerprint(check.code, workloadName(pod.workload), pod.pod.namespace, found.container ?? '', found.probe ?? '', found.key ?? ''),
  };
}

function podState({pod}: PodCase): string {
  const {ready, status, restarts} = podStatus(pod);
  return `READY ${ready}, ${status}, ${restarts} restart${restarts === '1' ? '' : 's'}`;
}

/** Symptoms that the evidence does not show already. */
function consequences({explains = [], evidence}: Found): string[] {
  const shown = evidence.map(({text}) => text);
  const words = explains.filter(({state, text}) => state !== 'over' && !shown.some((one) => one.startsWith(text)));
  return [...new Set(words.map(({container, probe, kind, text}) => `${probe ? `${probe} of ${container}` : (container ?? kind)}: ${text}`))].sort();
}

function fingerprint(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

function rowOf(pod: PodCase, probe: ProbeCase, causes: Cause[]): ProbeRow {
  const mine = causes.filter(({found}) => concerns(pod, found, probe));
  const {verdict, why} = judge(pod, probe, mine);
  const {ready, status, restarts} = podStatus(pod.pod);
  const profile = pod.profile?.seen ? pod.profile.value : undefined;
  return {
    workload: pod.workload,
    pods: [pod.pod.name],
    container: probe.container,
    probe: probe.type,
    declared: probe.declared.seen ? handlerText(probe.declared.value.probe.handler) : 'unknown',
    calls: callPort(probe.call),
    call: callText(probe.call),
    reaches: reaches(probe),
    verdict,
    why,
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

function reaches({path, reach, container, target}: ProbeCase): string {
  if (reach === 'unknown') return 'unknown';
  if (reach === 'declared' && path.end.at === 'target') return targetText({...(target ?? path.end.target), containers: [container]}).replace(/^.*exec in/, 'exec in');
  return endText(path.end);
}

function concerns(pod: PodCase, {probe, container, explains = []}: Found, row: ProbeCase): boolean {
  if (probe !== undefined) return probe === row.type && container === row.container;
  if (explains.some((one) => row.symptoms.includes(one))) return true;
  return container === undefined || container === row.container || container === carrierOf(pod, row) || (isIdle(row) && holdsUp(pod, container));
}

/** An init container, or one of the mesh, that keeps the others from starting. */
function holdsUp({pod}: PodCase, container: string): boolean {
  return pod.initContainers.some(({name}) => name === container);
}

/** The verdict and its reason: structure first, then what is going on, then whether the probe is asked at all. */
function judge(pod: PodCase, probe: ProbeCase, causes: Cause[]): {verdict: Verdict; why: string} {
  const own = causes.find(({found}) => found.probe === probe.type && found.container === probe.container);
  const explaining = (symptom: Symptom | undefined) => causes.find(({found}) => symptom && found.explains?.includes(symptom));
  const severe = own && severityOf(own) === 'error';
  if (probe.reach === 'other' || probe.reach === 'broken') return {verdict: 'fail', why: (own ?? causes[0])?.found.why ?? 'ends elsewhere'};
  if (severe && !own.check.namesFailure) return {verdict: 'fail', why: own.found.why};
  const kill = probe.symptoms.find(({state, kind}) => kind === 'killed' && state === 'going-on');
  if (kill) return {verdict: 'fail', why: (own ?? explaining(kill))?.found.why ?? `killed by its ${probe.type} probe`};
  const idle = notAsked(pod, probe, causes);
  if (idle) return {verdict: 'unknown', why: idle};
  const symptom = probe.symptoms.find(({state, kind}) => state === 'going-on' && (kind === 'probe' || kind === 'answer'));
  if (symptom || severe) return {verdict: 'fail', why: (own ?? explaining(symptom))?.found.why ?? symptom?.text ?? 'fails'};
  const dead = deadCarrier(pod, probe);
  if (dead !== undefined) {
    const cause = causes.find(({found}) => found.container === dead);
    return cause ? {verdict: 'fail', why: cause.found.why} : {verdict: 'unknown', why: `${dead} does not run yet`};
  }
  if (probe.reach === 'unknown') return {verdict: 'unknown', why: !probe.declared.seen ? `declared unknown: ${probe.declared.why.got}` : pod.profile?.seen === false ? pod.profile.why.got : 'where it ends is not known'};
  const young = probe.symptoms.find(({state}) => state === 'starting');
  if (young) return {verdict: 'unknown', why: 'starting'};
  if (!pod.events.seen && probe.type === 'liveness') return {verdict: 'unknown', why: 'events could not be seen'};
  const warning = causes.find((cause) => severityOf(cause) !== 'info');
  return warning ? {verdict: 'warn', why: warning.found.why} : {verdict: 'pass', why: ''};
}

/** The container of the mesh that answers for this probe, where it does not run. */
function deadCarrier(pod: PodCase, probe: ProbeCase): string | undefined {
  const carrier = carrierOf(pod, probe);
  const status = pod.pod.containers.find(({name}) => name === carrier);
  return status && status.state.kind !== 'running' && status.state.kind !== 'none' ? carrier : undefined;
}

function severityOf({check, found}: Cause): Severity {
  return found.severity ?? check.severity;
}

/** Nothing of the container runs yet, or any more. */
function isIdle({status}: ProbeCase): boolean {
  return !status || status.state.kind !== 'running';
}

/** Why the kubelet does not ask this probe now: not started, crashed, finished, or held back by the startup probe. */
function notAsked(pod: PodCase, probe: ProbeCase, causes: Cause[]): string | undefined {
  const {container, type, status} = probe;
  if (!isIdle(probe)) return status?.started === false && type !== 'startup' ? 'waits for the startup probe' : undefined;
  const stops = causes.find(({check, found}) => check.stops && (found.container === undefined || found.container === container || holdsUp(pod, found.container)));
  const crash = pod.symptoms.find((one) => one.kind === 'crashed' && one.container === container);
  const cause = causes.find(({found}) => crash && found.explains?.includes(crash)) ?? stops;
  const state = status?.state;
  if (state?.kind === 'terminated') return state.exitCode === 0 ? 'finished' : `crashed: ${cause?.found.why ?? `exit code ${state.exitCode}`}`;
  if (state?.kind === 'waiting' && state.reason === 'CrashLoopBackOff') return `crashed: ${cause?.found.why ?? state.reason}`;
  const reason = stops ?? causes.find(({found}) => found.container === container && found.probe === undefined);
  return `not started: ${reason?.found.why ?? (pod.pod.phase === 'Pending' ? 'the pod is starting' : 'the container waits')}`;
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
  const {workload, container, probe, declared, call, reaches, verdict, why, codes, profile} = row;
  const key = [workload.namespace, workload.kind, workload.name, container, probe, declared, call, reaches, verdict, why, codes.join(), profile].join('\n');
  const known = joined.get(key);
  if (known) known.pods.push(...row.pods);
  else joined.set(key, row);
}

function sortedRows(all: ProbeRow[]): ProbeRow[] {
  for (const row of all) row.pods.sort();
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
  else known.pods.push(...finding.pods);
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
