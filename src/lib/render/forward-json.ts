import {VERDICTS} from '../model/report.ts';
import type {ForwardReport} from '../model/forward.ts';

/** The report for programs; its shape is published in schema/forward-report.json and only grows within v1. */
export function forwardDocument({now, pods, ...rest}: ForwardReport): object {
  const probes = pods.flatMap((pod) => pod.probes);
  return {
    apiVersion: 'osm-probes/v1',
    kind: 'ForwardReport',
    time: new Date(now).toISOString(),
    ...rest,
    summary: {pods: pods.length, probes: Object.fromEntries(VERDICTS.map((verdict) => [verdict, probes.filter((one) => one.verdict === verdict).length]))},
    pods: pods.map(({since, ...pod}) => ({...pod, ...(since === undefined ? {} : {since: new Date(since).toISOString()})})),
  };
}
