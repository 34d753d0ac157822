import {bodyFaults} from './bodies.ts';
import {fault, type Fault} from './fault.ts';
import {headerFaults} from './headers.ts';
import {listFaults} from './lists.ts';
import {statusFaults} from './statuses.ts';
import {valueFaults} from './values.ts';

/** What a server may do to an answer. */
export const FAULTS: Fault[] = [statusFaults, bodyFaults, listFaults, headerFaults, valueFaults].flat().map(fault);
