import type {Mark} from '../../model/events-report.ts';
import {list, object, text, time, type Raw} from './read.ts';
import {highest} from '../../model/extremes.ts';

/** When a MeshConfig was made, and when somebody last wrote its spec: all that its managed fields keep. */
export function meshChangesOf(raw: Raw): Mark[] {
  const metadata = object(raw.metadata);
  const created = time(metadata.creationTimestamp);
  const name = text(metadata.name);
  const written = list(metadata.managedFields)
    .filter(({fieldsV1}) => 'f:spec' in object(fieldsV1))
    .flatMap((one) => time(one.time) ?? []);
  const last = highest(written, 0);
  return [...(created === undefined ? [] : [{at: created, text: `mesh config ${name} made`}]), ...(last > (created ?? 0) + 1000 ? [{at: last, text: `mesh config ${name} changed`}] : [])];
}
