import type {Case} from './case.ts';
import {fuzzCases} from './fuzz.ts';
import {httpCases} from './http.ts';
import {kubeconfigCases} from './kubeconfigs.ts';
import {leavingCases} from './leaving.ts';
import {secretCases} from './secrets.ts';
import {snapshotCases} from './snapshots.ts';
import {terminalCases} from './terminals.ts';
import {tunnelCases} from './tunnels.ts';

/** All faults, group by group; with `deep` every combination of the HTTP part. */
export function allCases(deep = true): Case[] {
  return [...httpCases(deep), ...fuzzCases(), ...snapshotCases(), ...leavingCases(), ...kubeconfigCases(), ...terminalCases(), ...tunnelCases(), ...secretCases()];
}
