import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { formatPools } from './format-pools.ts';
import { listPools } from './pools-or-cards.ts';

const examples = `
Examples:
  pilotlight get pools -o wide
  pilotlight get pools -o json | jq '.[] | select(.phase == "Degraded") | .why'`;

/** `pilotlight get pools [-o json|yaml|name|wide]`: every running pool, by name. */
export function getCommand(): Command {
  const pools = new Command('pools')
    .alias('pool')
    .description('list the pools')
    .addOption(
      new Option('-o, --output <format>', 'output format').choices([
        'json',
        'yaml',
        'name',
        'wide',
      ]),
    )
    .addHelpText('after', examples)
    .action(async ({ output }: { output?: 'json' | 'yaml' | 'name' | 'wide' }) => {
      const listed = await listPools();
      if (output === 'json') console.log(JSON.stringify(listed, null, 2));
      else if (output === 'yaml') console.log(stringify(listed).trimEnd());
      else if (output === 'name') for (const { pool } of listed) console.log(pool);
      else if (listed.length === 0) console.log('There are no pools; `apply -f FILE` makes one.');
      else console.log(formatPools(listed, output === 'wide'));
    });
  return new Command('get').description('list things').addCommand(pools);
}
