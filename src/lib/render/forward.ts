import {workloadName} from '../diagnosis/declared.ts';
import {valueShown} from '../model/credential.ts';
import type {Answer, Ask} from '../model/answer.ts';
import type {ForwardedPod, ForwardReport, MissingSide, ReplayedProbe, ReplayedSide, Rounds} from '../model/forward.ts';
import {VERDICTS} from '../model/report.ts';
import {age} from './age.ts';
import {counted, labelled, othersText, unseenLines} from './blocks.ts';
import {aligned} from './columns.ts';
import {chalkOf, ellipsisOf, paint, plain, symbol, type Look} from './style.ts';
import {sparkline} from './sparkline.ts';
import {highest} from '../model/extremes.ts';

/** What a tunnel leaves out of the kubelet's way. */
const NOT_SHOWN = "iptables, NetworkPolicy and the kubelet's source address: a tunnel dials 127.0.0.1 inside the pod";
/** Lines of a body, and characters of a line, where a side fails. */
const BODY = {lines: 3, width: 160};

/** The screen: each probe's two answers side by side, what they mean together, and one last line that sums up. */
export function forwardTable(report: ForwardReport, look: Look, {wide}: {wide: boolean}): string {
  const blocks = report.pods.flatMap((pod) => [[heading(pod, report.now)], ...pod.probes.map((probe) => probeLines(probe, look, wide))]);
  const unseen = report.unseen.map((one) => unseenLines(one, look));
  const replayed = report.pods.some(({probes}) => probes.some(({through}) => !('missing' in through)));
  const last = [...(replayed ? [`not shown: ${NOT_SHOWN}`] : []), summary(report)];
  const text = `${[...blocks, ...unseen, last].map((block) => block.join('\n')).join('\n\n')}\n`;
  return plain(text, look);
}

function heading({workload, pod, ready, status, since, others}: ForwardedPod, now: number): string {
  const other = others > 0 ? `, 1 of ${others + 1} pods of ${workloadName(workload)}: --all-pods for each` : '';
  return `pod/${pod} (READY ${ready}${since === undefined ? '' : ` for ${age(now - since)}`}, ${status}${other})`;
}

function probeLines(probe: ReplayedProbe, look: Look, wide: boolean): string[] {
  const {container, probe: type, timeoutSeconds, verdict, through, past, means, couldBe, fix, note, rounds, one} = probe;
  const chalk = chalkOf(look);
  const sides: [string, ReplayedSide | MissingSide, Rounds | undefined][] = one ? [['direct', through, rounds?.through]] : [['through the mesh', through, rounds?.through], ['direct', past, rounds?.past]];
  const cells = sides.map(([name, side, several]) => [name, ...sideCells(side, several, timeoutSeconds)]);
  const failing = [through, past].find((side): side is ReplayedSide => !('missing' in side) && !side.ok);
  return [
    `${paint(verdict, `${symbol(verdict, look)} ${type} of ${container}`, chalk)}, timeout ${timeoutSeconds}s`,
    ...aligned(cells, ellipsisOf(look)).map((line) => `    ${line}`),
    ...sides.flatMap(([name, , several]) => (several ? [`    ${`${name}, times`.padEnd(23)}  ${roundsText(several, timeoutSeconds)}${look.utf8 && look.columns !== undefined ? `  ${sparkline(several.times, timeoutSeconds * 1000)}` : ''}`] : [])),
    ...(wide ? sides.flatMap(([name, side]) => ('missing' in side ? [] : exchangeLines(name, side))) : []),
    ...labelled([
      ['kubelet', 'missing' in through ? undefined : through.kubelet],
      ['alone', 'missing' in through && !('missing' in past) ? past.kubelet : undefined],
      ...(failing && !wide ? bodyOf(failing.answer).map((line, index): [string, string] => [index === 0 ? 'body' : '', line]) : []),
      ['means', means],
      ...(couldBe ?? []).map((text, index): [string, string] => [index === 0 ? 'could be' : '', text]),
      ['fix', fix],
      ['note', note],
    ]),
  ];
}

function sideCells(side: ReplayedSide | MissingSide, rounds: Rounds | undefined, timeoutSeconds: number): string[] {
  if ('missing' in side) return [side.missing];
  const times = rounds ? `${rounds.count - rounds.failed} of ${rounds.count} pass` : side.ms === undefined ? '' : span(side.ms);
  return [side.request, side.text, `${times}${side.late && side.ms !== undefined ? `, later than ${timeoutSeconds}s` : ''}`, side.by];
}

function roundsText({min, median, max, failed, count, turns}: Rounds, timeoutSeconds: number): string {
  const spread = min === undefined ? 'no answer' : `min ${span(min)}, median ${span(median!)}, max ${span(max!)} of ${timeoutSeconds}s`;
  return `${spread}${failed > 0 ? `, ${failed} of ${count} fail` : ''}${turns > 1 ? `, flapping: it turned ${turns} times` : turns === 1 ? ', it turned once' : ''}`;
}

/** The request and the answer as `curl -i` would show them; the request's lines begin with `>`. */
function exchangeLines(name: string, {ask, answer}: ReplayedSide): string[] {
  const said = answer.kind === 'response' ? [`${answer.protocol} ${answer.status} ${answer.reason}`.trimEnd(), ...answer.headers.map((header) => `${header.name}: ${valueShown(header)}`), '', ...answer.body.replace(/\n$/, '').split('\n')] : 'text' in answer ? [answer.text] : [];
  return [`    ${name}`, ...sentLines(ask, answer.kind === 'response' && answer.protocol === 'HTTP/2' ? 'HTTP/2' : 'HTTP/1.1').map((line) => `      > ${line}`), ...said.map((line) => `      ${line}`.trimEnd())];
}

function sentLines({port, send}: Ask, protocol: string): string[] {
  if (send.kind === 'connect') return [`connect 127.0.0.1:${port}`];
  if (send.kind === 'grpc') return [`POST /grpc.health.v1.Health/Check HTTP/2`, `authority: ${send.authority}`, `service: ${JSON.stringify(send.service)}`];
  return [`GET ${send.path} ${protocol}`, ...send.headers.map((header) => `${header.name}: ${valueShown(header)}`)];
}

function bodyOf(answer: Answer): string[] {
  if (answer.kind !== 'response') return [];
  const lines = answer.body.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '');
  return lines.slice(0, BODY.lines).map((line, index) => (line.length > BODY.width ? `${line.slice(0, BODY.width)}…` : line) + (index === BODY.lines - 1 && lines.length > BODY.lines ? ' …' : ''));
}

function summary({pods, notAsked, interrupted}: ForwardReport): string {
  const probes = pods.flatMap((pod) => pod.probes);
  const counts = VERDICTS.toReversed().map((verdict) => [probes.filter((one) => one.verdict === verdict).length, verdict] as const).filter(([count]) => count > 0).map(([count, verdict]) => `${count} ${verdict}`);
  const aside = othersText(notAsked);
  const what = pods.length === 0 ? 'nothing to replay' : `${counted(probes.length, 'probe')} in ${counted(pods.length, 'pod')}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`;
  const setup = highest(pods.map(({setupMs}) => setupMs), 0);
  return [what, ...(setup > 0 ? [`tunnel ${span(setup)}`] : []), ...new Set(pods.map(({profile}) => profile).filter((one) => one !== '')), ...(aside === '' ? [] : [`not asked: ${aside}`]), ...(interrupted ? ['interrupted'] : [])].join(' · ');
}

function span(ms: number): string {
  return ms < 1000 ? `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)}s`;
}
