import { Command, Option } from 'commander';
import { formatPools } from './format-pools.ts';
import { findPool, listPools } from './pools-or-cards.ts';
import { printData } from './print-data.ts';

const examples = `
Examples:
  pilotlight get pools -o wide
  pilotlight get pool small -o yaml
  pilotlight get pools -o json | jq '.[] | select(.phase == "Degraded") | .why'`;

interface Options {
  output?: 'json' | 'yaml' | 'name' | 'wide';
}

/** `pilotlight get pools [NAME] [-o json|yaml|name|wide]`: every running pool, by name, or one. */
export function getCommand(): Command {
  const pools = new Command('pools')
    .alias('pool')
    .description('list the pools')
    .argument('[name]', 'only this one: name of the pool')
    .addOption(
      new Option('-o, --output <format>', 'output format').choices([
        'json',
        'yaml',
        'name',
        'wide',
      ]),
    )
    .addHelpText('after', examples)
    .action(async (name: string | undefined, { output }: Options) => {
      const listed = name === undefined ? await listPools() : [await findPool(name)];
      if (output === 'json' || output === 'yaml') printData(listed, output);
      else if (output === 'name') for (const { pool } of listed) console.log(pool);
      else if (listed.length === 0) console.log('There are no pools; `apply -f FILE` makes one.');
      else console.log(formatPools(listed, output === 'wide'));
    });
  return new Command('get').description('list things').addCommand(pools);
}
