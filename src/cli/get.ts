import { Command, Option } from 'commander';
import { formatPools } from './format-pools.ts';
import { listPools } from './pools-or-cards.ts';

/** `pilotlight get pools [-o json|wide]`: every running pool, by name. */
export function getCommand(): Command {
  const pools = new Command('pools')
    .description('list the pools')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json', 'wide']))
    .action(async ({ output }: { output?: 'json' | 'wide' }) => {
      const listed = await listPools();
      if (output === 'json') console.log(JSON.stringify(listed, null, 2));
      else if (listed.length === 0) console.log('There are no pools; `apply -f FILE` makes one.');
      else console.log(formatPools(listed, output === 'wide'));
    });
  return new Command('get').description('list things').addCommand(pools);
}
