import type {PathEnd, Reach, Target} from '../model/path.ts';

/** Compares a path's end with the declared target. Containers share their network: the port decides, not whose it is. */
export function reachOf(end: PathEnd, declared: Target | undefined): Reach {
  if (!declared) return 'unknown';
  if (end.at === 'break') return end.reason === 'unknown' || end.reason === 'by-service' ? 'unknown' : 'broken';
  const {target} = end;
  if (target.port !== declared.port) return 'other';
  if (target.protocol === declared.protocol) return target.path === declared.path ? 'declared' : target.path === declared.raw ? 'altered' : 'other';
  return target.protocol === 'tcp' ? 'weaker' : 'other';
}
