import {Args} from '@oclif/core';
import {CATALOGUE} from '../lib/checks/index.ts';
import {ProbesCommand, UsageError} from '../lib/cli/base.ts';
import {catalogueEntry, catalogueList} from '../lib/render/catalogue.ts';

export default class Explain extends ProbesCommand {
  static override summary = 'Explains a code that verify prints, or lists all of them. Needs no cluster.';
  static override usage = 'explain [CODE]';
  static override args = {code: Args.string({description: 'a code, such as OSMP101; without it, the list of all'})};
  static override examples = ['kubectl osm-probes explain OSMP101'];

  async run(): Promise<void> {
    const {args} = await this.parse(Explain);
    if (args.code === undefined) return void process.stdout.write(catalogueList(CATALOGUE));
    const wanted = args.code.toUpperCase();
    const entry = CATALOGUE.find(({code, slug}) => code === wanted || slug === args.code);
    if (!entry) throw new UsageError(`${JSON.stringify(args.code)} is no code: ${CATALOGUE[0]!.code} … ${CATALOGUE.at(-1)!.code}, see explain without an argument`);
    process.stdout.write(catalogueEntry(entry));
  }
}
