import type {Case} from '../case.ts';
import {pluginCases} from './plugins.ts';
import {endCases, knownCases, signalCases} from './signals.ts';
import {streamCases} from './streams.ts';

/** How a process is told to leave, and how it leaves. */
export function leavingCases(): Case[] {
  return [...signalCases(), ...knownCases(), ...streamCases(), ...endCases(), ...pluginCases()];
}
