import { Command, Option } from 'commander';
import { formatPool } from './format-pools.ts';
import { findPool } from './pools-or-cards.ts';

/** `pilotlight describe pool NAME`: one pool in full, with its pods. */
export function describeCommand(): Command {
  const pool = new Command('pool')
    .description('show a pool and its pods')
    .argument('<name>', 'name of the pool')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
    .action(async (name: string, { output }: { output?: 'json' }) => {
      const status = await findPool(name);
      console.log(output === 'json' ? JSON.stringify(status, null, 2) : formatPool(status));
    });
  return new Command('describe').description('show one thing in full').addCommand(pool);
}
