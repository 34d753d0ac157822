import {groupOf, type Case} from './case.ts';
import {fuzzCases} from './fuzz.ts';
import {httpCases} from './http.ts';
import {kubeconfigCases} from './kubeconfigs/index.ts';
import {leavingCases} from './leaving/index.ts';
import {hashOf} from './random.ts';
import {secretCases} from './secrets.ts';
import {snapshotCases} from './snapshots/index.ts';
import {terminalCases} from './terminals.ts';
import {tunnelCases} from './tunnels.ts';
import {worstCases} from './worst.ts';

/** Of each group the share that a usual run tries, and how many of them a smoke. */
const GROUPS: Record<string, {cases: () => Case[]; share: number; smoke: number}> = {
  http: {cases: httpCases, share: 0.065, smoke: 110},
  tunnels: {cases: tunnelCases, share: 0.7, smoke: 10},
  fuzz: {cases: fuzzCases, share: 0.6, smoke: 70},
  snapshots: {cases: snapshotCases, share: 0.5, smoke: 45},
  kubeconfigs: {cases: kubeconfigCases, share: 0.5, smoke: 35},
  secrets: {cases: secretCases, share: 0.5, smoke: 25},
  leaving: {cases: leavingCases, share: 0.5, smoke: 8},
  terminals: {cases: terminalCases, share: 0.4, smoke: 6},
  worst: {cases: worstCases, share: 0.4, smoke: 0},
};

/** All faults, group by group: some 80,000. */
export function allCases(): Case[] {
  return Object.values(GROUPS).flatMap(({cases}) => cases());
}

const placeOf = ({id}: Case): number => hashOf(id) / 2 ** 32;

/** The faults of a usual run, the same each time; and in any case what is to work in good weather. */
export function usualCases(): Case[] {
  return allCases().filter((one) => placeOf(one) < GROUPS[groupOf(one.id)]!.share || /\/(fair|good)\//.test(one.id));
}

/** Gigabytes and long waits are nothing for a test that runs with each change. */
const SLOW = new RegExp(
  [
    ...['bomb', '\\bbig-', 'huge', '200-mb', 'endless', 'many-', 'deep-', 'flood'],
    ...['trickle', 'stalls', 'silen', 'never', 'leaves-a-child', 'busy', 'retry-after', 'drip', 'slow', 'ctrl-c'],
  ].join('|'),
);

/** Some hundred, from all corners of each group. */
export function smokeCases(): Case[] {
  return Object.values(GROUPS).flatMap(({cases, smoke}) =>
    cases()
      .filter(({id}) => !SLOW.test(id))
      .sort((a, b) => placeOf(a) - placeOf(b))
      .slice(0, smoke),
  );
}
