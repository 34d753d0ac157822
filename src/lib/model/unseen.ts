/** Something that was asked and could not be seen. Never counted as success. */
export interface Unseen {
  /** What was asked, as a person says it: `events in namespace shop`. */
  asked: string;
  /** What came back: `403 Forbidden: user "dev" cannot list resource "events" …`. */
  got: string;
  /** Why, for programs: `forbidden`, `refused`, … */
  reason?: string;
  /** A command that shows the same to a person, when there is one. */
  try?: string;
  /** What it would have told. */
  tells?: string;
  /** It would have told more; no verdict waits for it. */
  optional?: true;
}

export type Observed<T> = {seen: true; value: T} | {seen: false; why: Unseen};
