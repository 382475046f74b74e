import { Command } from 'commander';
import { withPools } from './servers.ts';

const examples = `
A pool whose pods do not start tries one now and then, at last every ten minutes. Once the cause has
gone, this makes it start all that are missing at once.

Example:
  pilotlight retry small    after the image was pushed`;

/** `pilotlight retry NAME`: tries a template that failed again at once. */
export function retryCommand(): Command {
  return new Command('retry')
    .description('try a template that failed again at once')
    .argument('<name>', 'name of the pool')
    .addHelpText('after', examples)
    .action(async (name: string) => {
      await withPools((pools) => pools.retry(name));
      console.log(`pool ${name} tries its template again`);
    });
}
