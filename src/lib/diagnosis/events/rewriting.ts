import type {PodCase} from '../../checks/case.ts';
import type {WorkloadEvents} from '../../model/events-report.ts';
import type {Finding} from '../../model/finding.ts';

/** The guide's first question in one line, answered by verify's own checks of rewriting and injection. */
export function rewritingOf(pods: PodCase[], findings: Finding[], command: string): WorkloadEvents['rewriting'] {
  const wrong = findings.find(({code}) => /^OSMP[123]/.test(code));
  if (wrong) return {state: 'wrong', text: `${wrong.code} ${wrong.title.charAt(0).toLowerCase()}${wrong.title.slice(1)}${wrong.container ? ` (${[wrong.probe, wrong.container].filter(Boolean).join(' of ')})` : ''}`, command};
  if (pods.length === 0) return {state: 'unknown', text: 'no pod to see it in', command};
  if (pods.every(({meshed}) => !meshed)) return {state: 'not-in-the-mesh', text: 'not in the mesh, nothing is rewritten', command};
  const unknown = pods.flatMap(({probes, profile}) => probes.flatMap(({reach, declared}) => (reach === 'unknown' ? [!declared.seen ? declared.why.got : profile?.seen === false ? profile.why.got : 'where a probe ends is not known'] : [])));
  if (unknown.length > 0) return {state: 'unknown', text: `not known: ${unknown[0]}`, command};
  return {state: 'as-expected', text: pods.every(({probes}) => probes.length === 0) ? 'no probes' : 'as expected', command};
}
