import type {PodCase, ProbeCase} from '../case.ts';
import {sideOf} from '../reading.ts';
import {alike, hostOf, isGood, statusOf, type Answered, type Decision} from './decision.ts';
import {comesAndGoes} from './heard.ts';

/** The app itself answers with a status that is no success, whoever asks. */
export function ofStatus(pod: PodCase, probe: ProbeCase, reading: Answered): Decision | undefined {
  const {replay, through, past} = reading;
  const status = statusOf(through);
  if (through.by.by !== 'app' || status === undefined || isGood(past) || past?.answer.kind !== 'response') return undefined;
  const other = replay.variants['other-host'];
  if (other && isGood(sideOf(pod, probe, other)) && !comesAndGoes(pod, probe)) {
    const [asked, accepted] = [hostOf((replay.past ?? replay.through[0]!).ask), hostOf(other.ask)];
    return {cause: 'host-header', why: `${status}: the app rejects the Host`, because: `with Host: ${asked} the app answers ${status}${alike(reading)}; with Host: ${accepted} it answers ${statusOf({answer: other.answer})}`, lasting: true};
  }
  const same = past.answer.status === status;
  return {
    cause: 'app-status',
    key: String(status),
    why: `the app answers ${status}`,
    because: same ? `the app itself answers ${status}${alike(reading)}` : `the app itself answers ${status} through the mesh, and ${past.answer.status} directly`,
    ...(same ? MORE[status]?.(probe) : undefined),
  };
}

/** What a status says of the remedy. */
const MORE: Record<number, (probe: ProbeCase) => Pick<Decision, 'blame' | 'fix'>> = {
  404: ({target}) => ({blame: 'spec', fix: `the path: the app knows no ${target?.path ?? 'such path'}`}),
  401: () => ({fix: 'let the path be asked without credentials'}),
  403: () => ({fix: 'let the path be asked without credentials'}),
  400: () => ({fix: "what the app's log says; an app that rejects the Host wants httpHeaders: Host"}),
  421: () => ({fix: 'httpHeaders: Host with a name that the app serves'}),
};
