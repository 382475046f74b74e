import { Command } from 'commander';
import { withPools } from './servers.ts';

/** `pilotlight resume NAME`: ends a pause. */
export function resumeCommand(): Command {
  return new Command('resume')
    .description('go on after a pause')
    .argument('<name>', 'name of the pool')
    .addHelpText('after', '\nExample:\n  pilotlight resume small')
    .action(async (name: string) => {
      await withPools((pools) => pools.resume(name));
      console.log(`pool ${name} resumed`);
    });
}
