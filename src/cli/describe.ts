import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { formatPool } from './format-pools.ts';
import { findPool } from './pools-or-cards.ts';

/** `pilotlight describe pool NAME`: one pool in full, with its pods. */
export function describeCommand(): Command {
  const pool = new Command('pool')
    .description('show a pool and its pods')
    .argument('<name>', 'name of the pool')
    .addHelpText('after', '\nExample:\n  pilotlight describe pool small')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json', 'yaml']))
    .action(async (name: string, { output }: { output?: 'json' | 'yaml' }) => {
      const status = await findPool(name);
      if (output === 'json') console.log(JSON.stringify(status, null, 2));
      else if (output === 'yaml') console.log(stringify(status).trimEnd());
      else console.log(formatPool(status));
    });
  return new Command('describe').description('show one thing in full').addCommand(pool);
}
