/** A local port, and the port of the pod that it leads to. */
export interface LocalPort {
  remote: number;
  local: number;
  /** Those of the addresses on which it could be opened. */
  addresses: string[];
}

/** A line to paste, and what it asks. */
export interface Line {
  for: string;
  command: string;
  /** Variables of the shell to set before: they stand for what is not shown. */
  set?: string[];
}

/** `refused`: nothing listens there in the pod. `lost`: the connection broke, or no way to the pod was found. */
export type ConnectionEvent = {event: 'connection'; port: number; local: number} | {event: 'refused' | 'lost'; port: number; text: string};

/** What happens while ports are kept open; with `-o json` each is a line. */
export type KeepEvent =
  | {event: 'ready'; pod: string; follows?: string; ports: LocalPort[]; curl: Line[]}
  | {event: 'moving'; from: string; why: string}
  | {event: 'moved'; from: string; to: string; ports: LocalPort[]; curl: Line[]}
  | {event: 'ended'; why: string}
  | ConnectionEvent;
