import { Command, Option } from 'commander';
import { formatPool } from './format-pools.ts';
import { findPool } from './pools-or-cards.ts';
import { printData } from './print-data.ts';

/** `pilotlight describe pool NAME`: one pool in full, with its pods. */
export function describeCommand(): Command {
  const pool = new Command('pool')
    .description('show a pool and its pods')
    .argument('<name>', 'name of the pool')
    .addHelpText('after', '\nExample:\n  pilotlight describe pool small')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json', 'yaml']))
    .action(async (name: string, { output }: { output?: 'json' | 'yaml' }) => {
      const status = await findPool(name);
      if (output === undefined) console.log(formatPool(status));
      else printData(status, output);
    });
  return new Command('describe').description('show one thing in full').addCommand(pool);
}
