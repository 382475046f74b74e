import { Command } from 'commander';
import { withPools } from './servers.ts';

const examples = `
Spawns, rollouts and scale-down stop; claims, releases and leases go on. Resume with
\`pilotlight resume NAME\`.

Example:
  pilotlight pause small    while its nodes are being upgraded`;

/** `pilotlight pause NAME`: nothing is started or retired until it is resumed. */
export function pauseCommand(): Command {
  return new Command('pause')
    .description('stop starting and retiring pods of a pool; claims go on')
    .argument('<name>', 'name of the pool')
    .addHelpText('after', examples)
    .action(async (name: string) => {
      await withPools((pools) => pools.pause(name));
      console.log(`pool ${name} paused`);
    });
}
