import {writeFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {allCases, smokeCases, usualCases} from './groups.ts';
import {tryAll} from './pool.ts';
import {hashOf} from './random.ts';
import {failureLines, totalsTable, worstLines, type Tried} from './totals.ts';

// Throws every fault at the command line, and prints what went wrong and the totals.
//   npm run weather                                   more than 10,000, always the same: a quarter of an hour
//   … --only http/events/html/verify                  one, or all whose id begins so (a part of it, with --grep)
//   … --seed 17                                       every seeded fault of that number
//   … --share 0.1                                     a tenth, always the same
//   … --deep                                          all of them: every fault with every command, hours
//   … --patience 3                                    every bound of time three times as long
//   … --smoke                                         those that are tried with the other tests
//   … --workers 2 --to FILE                           how many processes, and a file for the failures

const {values} = parseArgs({
  options: {
    only: {type: 'string', multiple: true},
    grep: {type: 'string'},
    seed: {type: 'string'},
    share: {type: 'string', default: '1'},
    workers: {type: 'string', default: '4'},
    patience: {type: 'string', default: '1'},
    to: {type: 'string'},
    deep: {type: 'boolean', default: false},
    smoke: {type: 'boolean', default: false},
    list: {type: 'boolean'},
    times: {type: 'boolean'},
  },
});
const pattern = values.grep === undefined ? undefined : new RegExp(values.grep);
const wide = [values.deep, values.only, values.grep, values.seed].some((one) => one !== undefined && one !== false);
const casesOf = wide ? allCases : usualCases;
const chosen = (values.smoke ? smokeCases : casesOf)().filter(
  ({id}) =>
    (values.only?.some((one) => id === one || id.startsWith(one)) ?? true) &&
    (pattern?.test(id) ?? true) &&
    (values.seed === undefined || id.endsWith(`/${values.seed}`)) &&
    hashOf(id) / 2 ** 32 < Number(values.share),
);

if (values.list) process.stdout.write(chosen.map(({id}) => `${id}\n`).join(''));
else {
  const began = Date.now();
  const progress = (tried: Tried, done: number): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${chosen.length}`);
    else if (done % 500 === 0)
      process.stderr.write(`${done} of ${chosen.length} after ${Math.round((Date.now() - began) / 1000)} s\n`);
    if (values.times) process.stderr.write(`${tried.id} ${Math.round(tried.ms)} ms\n`);
  };
  const stop = new AbortController();
  // Ctrl-C once: what was tried is told.
  process.once('SIGINT', () => stop.abort());
  const patience = Number(values.patience);
  const options = {workers: Number(values.workers), patience, told: progress, signal: stop.signal};
  const tried = await tryAll(chosen, options);
  const failures = failureLines(tried);
  const skipped = tried.flatMap(({id, skipped: why}) => (why === undefined ? [] : [`skipped  ${id}  ${why}`]));
  const seconds = Math.round((Date.now() - began) / 1000);
  const totals = [totalsTable(tried), `${tried.length} faults in ${seconds} s`];
  const text = [...failures, ...skipped, '', ...worstLines(tried), '', ...totals, ''].join('\n');
  process.stdout.write(text);
  if (values.to) writeFileSync(values.to, text);
  process.exitCode = failures.length > 0 ? 1 : 0;
}
