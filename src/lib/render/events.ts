import {stringify} from 'yaml';
import {workloadName} from '../diagnosis/declared.ts';
import type {EventsReport, EventState, ProbeFailure, Times, Trouble, WorkloadEvents} from '../model/events-report.ts';
import type {Happening} from '../model/happening.ts';
import {age} from './age.ts';
import {counted, othersText, unseenLines} from './blocks.ts';
import {aligned, columns} from './columns.ts';
import {chalkOf, ellipsisOf, paint, plain, symbol, type Look} from './style.ts';
import {shortened} from './width.ts';
import {highest} from '../model/extremes.ts';

export const EVENT_FORMATS = ['table', 'wide', 'json', 'yaml'] as const;
export type EventFormat = (typeof EVENT_FORMATS)[number];

/** The report on one screen, or as data whose shape is schema/events-report.json. */
export function renderEvents(format: EventFormat, report: EventsReport, look: Look): string {
  if (format === 'json') return `${JSON.stringify(eventsDocument(report), null, 2)}\n`;
  if (format === 'yaml') return stringify(JSON.parse(JSON.stringify(eventsDocument(report))), {lineWidth: 0});
  return screen(report, look, format === 'wide');
}

export function eventsDocument({now, origin, scope, workloads, unseen, pods, others, events, interrupted}: EventsReport): object {
  return {
    apiVersion: 'osm-probes/v1',
    kind: 'EventsReport',
    time: new Date(now).toISOString(),
    origin,
    scope,
    summary: {workloads: workloads.length, quiet: workloads.filter(({quiet}) => quiet).length, pods, events, notJudged: others},
    workloads: workloads.map(({pods: mine, ...rest}) => ({...rest, pods: mine.map(({ageMs, ...pod}) => ({...pod, ageSeconds: Math.max(0, Math.floor(ageMs / 1000))}))})),
    unseen,
    ...(interrupted ? {interrupted} : {}),
  };
}

function screen(report: EventsReport, look: Look, wide: boolean): string {
  const loud = report.workloads.filter((one) => one.rows !== undefined || !(one.quiet || (report.workloads.length > 1 && isPast(one))));
  const told = new Set(loud);
  const quiet = report.workloads.filter((one) => !told.has(one));
  const blocks = [
    ...loud.map((one) => block(one, report.now, look, wide)),
    quietLines(quiet, report.now, look),
    ...report.unseen.map((one) => unseenLines(one, look)),
    [summary(report)],
  ];
  return plain(`${blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n')}\n`, look);
}

/** Some failures that are over, and nothing else: among many workloads one line is enough. */
function isPast({probes, starting, runtime}: WorkloadEvents): boolean {
  return runtime.length === 0 && [...probes, ...starting].every(({state}) => state === 'over' || state === 'start-up');
}

function block(one: WorkloadEvents, now: number, look: Look, wide: boolean): string[] {
  const {workload, rewriting, probes, starting, runtime, marks, words, notes, rows} = one;
  const restarts = one.pods.reduce((sum, pod) => sum + Number(pod.restarts), 0);
  return [
    `${headMark(one, look)} ${workloadName(workload)} -n ${workload.namespace}  ${podsText(one)}`,
    '',
    ...pairs([
      ['  rewriting', `${rewriting.text} (${rewriting.command})`],
      ['1 probes', probes.length === 0 ? 'no event of a failure' : ''],
    ]),
    ...columns(probes.map((failure) => probeCells(failure, now, look)), ellipsisOf(look)).flatMap((line, index) => [`  ${line}`, ...below(probes[index]!, now, look, wide)]),
    ...notes.map((note) => `    ${note}`),
    ...section('2 scheduling and starting', starting, now, look, 'nothing'),
    ...section('3 runtime', runtime, now, look, restarts === 0 ? 'no restarts' : `${counted(restarts, 'restart')}, over`),
    ...words.flatMap(({container, previous, lines, pod}) => [`    log of ${container}${previous ? ', before it restarted' : ''} (${pod})`, ...lines.map((line) => `      | ${cut(line, look)}`)]),
    ...(marks.length > 0 ? ['  timeline', ...columns(marks.map(({at, text}) => ['   ', clock(at), `${age(now - at)} ago`, text]), ellipsisOf(look))] : []),
    ...(rows ? ['  events', ...aligned([['   ', 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'CONTAINER', 'COUNT', 'MESSAGE'], ...rows.map((row) => ['   ', age(now - row.last), row.type, row.reason, row.object, row.container ?? '', String(row.count), row.message])], ellipsisOf(look))] : []),
  ];
}

function podsText({pods}: WorkloadEvents): string {
  const [first, ...more] = pods;
  if (!first) return 'no pod';
  const of = ({name, ready, status, restarts, ageMs}: typeof first) => `pod ${name} (READY ${ready}, ${status}, ${restarts} restart${restarts === '1' ? '' : 's'}, ${age(ageMs)})`;
  if (more.length === 0) return of(first);
  const unready = pods.filter(({ready}) => ready.split('/')[0] !== ready.split('/')[1]).length;
  return `${pods.length} pods, ${unready} not ready, ${pods.reduce((sum, {restarts}) => sum + Number(restarts), 0)} restarts`;
}

function headMark({quiet, probes, starting, runtime}: WorkloadEvents, look: Look): string {
  const now = [...probes, ...starting, ...runtime].some(({state}) => state === 'going-on' || state === 'comes-and-goes');
  const verdict = quiet ? 'pass' : now ? 'fail' : 'warn';
  return paint(verdict, symbol(verdict, look), chalkOf(look));
}

const STATES: Record<EventState, string> = {
  'going-on': 'going on',
  'comes-and-goes': 'comes and goes',
  maybe: 'may go on',
  unheard: 'may go on, not heard of since',
  starting: 'starting',
  over: 'over',
  'not-asked': 'not asked now',
  'start-up': 'start-up, over',
};

function stateText(state: EventState, look: Look): string {
  const verdict = state === 'going-on' || state === 'comes-and-goes' ? 'fail' : state === 'maybe' || state === 'unheard' || state === 'not-asked' ? 'warn' : state === 'starting' ? 'unknown' : 'pass';
  return paint(verdict, STATES[state], chalkOf(look));
}

function probeCells({probe, container, declared, said, times, state, pods}: ProbeFailure, now: number, look: Look): string[] {
  return [`${probe} of ${container}, ${declared}`, said, pods.length > 1 ? `${pods.length} pods` : '', ...timesCells(times, now, look), stateText(state, look)];
}

/** What Envoy logged of it, and for who wants it all the kubelet's words. */
function below({requests, state, text, pods}: ProbeFailure, now: number, look: Look, wide: boolean): string[] {
  return [
    ...(requests && state !== 'start-up' && requests.failed > 0 ? [`    Envoy's log  ${requests.failed} of the last ${requests.total} requests failed, the last request was ${age(now - requests.last)} ago`] : []),
    ...(wide ? [`    kubelet      ${cut(text, look)}`, `    pods         ${pods.join(', ')}`] : []),
  ];
}

/** Columns from which on a line has room for rates and first times. */
const ROOMY = 140;

function timesCells(times: Times | undefined, now: number, {columns: width}: Look): string[] {
  if (!times) return ['no event', ''];
  const {count, atLeast, first, last} = times;
  const span = last - first;
  if (width !== undefined && width < ROOMY) return [`${atLeast ? 'at least ' : ''}${count}`, `last ${age(now - last)} ago`];
  const rate = count > 2 && span >= 60_000 ? `, ${rateText(count, span)}` : '';
  return [`${atLeast ? 'at least ' : ''}${timesText(count)}${rate}`, span < 1000 ? `${count > 1 ? 'last ' : ''}${age(now - last)} ago` : `first ${age(now - first)}, last ${age(now - last)} ago`];
}

function timesText(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function rateText(count: number, spanMs: number): string {
  const perMinute = count / (spanMs / 60_000);
  return perMinute >= 1 ? `${Math.round(perMinute)} a minute` : `${Math.max(1, Math.round(perMinute * 60))} an hour`;
}

function section(title: string, troubles: Trouble[], now: number, look: Look, nothing: string): string[] {
  if (troubles.length === 0) return pairs([[title, nothing]]);
  return [
    title,
    ...troubles.flatMap(({container, pods, reason, text, times, state, before}) => [
      `  ${columns([[...(container === undefined ? [] : [container]), reason, ...(pods.length > 1 ? [`${pods.length} pods`] : []), ...(times ? timesCells(times, now, look) : []), stateText(state, look)]], ellipsisOf(look))[0]}`,
      ...(text === '' ? [] : [`    ${cut(text, look)}`]),
      ...(before === undefined ? [] : [`    before it  ${cut(before, look)}`]),
    ]),
  ];
}

/** On a terminal a line that does not fit is cut; in a pipe it is whole. */
function cut(text: string, look: Look): string {
  return look.columns === undefined ? text : shortened(text, Math.max(20, look.columns - 16), ellipsisOf(look));
}

function pairs(lines: [label: string, text: string][]): string[] {
  return lines.map(([label, text]) => `${label.padEnd(27)}${text}`.trimEnd());
}

function quietLines(workloads: WorkloadEvents[], now: number, look: Look): string[] {
  return columns(
    workloads.map(({workload, probes, starting, rewriting, pods, quiet: isQuiet, leftOut}) => {
      const young = probes.some(({state}) => state === 'starting');
      const verdict = rewriting.state === 'wrong' || !isQuiet ? 'warn' : young ? 'unknown' : 'pass';
      const said = young ? 'starting' : pastText({probes, starting, ...(leftOut ? {leftOut} : {})}, now);
      return [paint(verdict, symbol(verdict, look), chalkOf(look)), workloadName(workload), `-n ${workload.namespace}`, counted(pods.length, 'pod'), [said, ...(rewriting.state === 'as-expected' ? [] : [`rewriting: ${rewriting.text}`])].join(' · ')];
    }),
    ellipsisOf(look),
  );
}

/** What is over in one line: failures after the start first, then those of the start. */
function pastText({probes, starting, leftOut}: Pick<WorkloadEvents, 'probes' | 'starting' | 'leftOut'>, now: number): string {
  const of = (some: {times?: Times; words: string}[], title: string) => {
    if (some.length === 0) return [];
    const words = [...new Set(some.map(({words: one}) => one))].join(', ');
    const count = some.reduce((sum, {times}) => sum + (times?.count ?? 1), 0);
    return [`${title}${words}, ${timesText(count)}, last ${age(now - highest(some.map(({times}) => times?.last ?? now)))} ago`];
  };
  const past = probes.filter(({state}) => state === 'over').map(({times, probe, said}) => ({...(times ? {times} : {}), words: `${probe} ${said}`}));
  const begun = [...probes, ...starting.map(({reason, ...one}) => ({...one, said: reason}))].filter(({state}) => state === 'start-up').map(({times, said}) => ({...(times ? {times} : {}), words: said}));
  const troubles = starting.filter(({state}) => state === 'over').map(({times, reason}) => ({...(times ? {times} : {}), words: reason}));
  const lines = [...of(past, 'over: '), ...of(troubles, 'over: '), ...of(begun, past.length + troubles.length > 0 ? 'start-up: ' : 'start-up only: ')];
  return lines.length > 0 ? lines.join(' · ') : leftOut ? 'nothing that was asked for' : 'nothing happened';
}

function clock(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z').replace('T', ' ');
}

function summary({workloads, pods, events, others, interrupted}: EventsReport): string {
  if (workloads.length === 0) return 'nothing in scope';
  const loud = workloads.filter(({quiet}) => !quiet).length;
  const aside = othersText(others);
  return [`${counted(workloads.length, 'workload')} in ${counted(pods, 'pod')}: ${loud} with something to say, ${workloads.length - loud} quiet`, `${events} events`, ...(aside === '' ? [] : [`not told: ${aside}`]), ...(interrupted ? ['interrupted: incomplete'] : [])].join(' · ');
}

/** One change as one line, for people; as data it is one JSON document a line. */
export function renderHappening(format: EventFormat, {at, workload, pod, about, text, count}: Happening, look: Look): string {
  if (format === 'json') return `${JSON.stringify({time: new Date(at).toISOString(), workload, pod, about, text, ...(count === undefined ? {} : {count})})}\n`;
  const often = count !== undefined && count > 1 ? `  ${count} times` : '';
  return plain(`${clock(at)}  ${workloadName(workload)}  ${pod}  ${text}${often}\n`, look);
}
