/** Thrown by a case that can't be tried on this machine, with the reason. */
export class Skipped extends Error {
  override name = 'Skipped';
}
