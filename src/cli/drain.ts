import { Command } from 'commander';
import { deadlineOption, drainPool, timeoutOption } from './drain-pool.ts';
import { withPools } from './servers.ts';

const examples = `
The pool takes no new claims, retires what nobody holds, waits for claims to be released or to run
out, and ends.

Examples:
  pilotlight drain small                          and return at once
  pilotlight drain small --deadline 10m --wait    wait until it has ended, claims for 10 minutes`;

/** `pilotlight drain NAME`: ends a pool. */
export function drainCommand(): Command {
  return new Command('drain')
    .description('take no new claims, retire the pods and end the pool')
    .argument('<name>', 'name of the pool')
    .addOption(deadlineOption())
    .option('--wait', 'wait until the pool has ended', false)
    .addOption(timeoutOption())
    .addHelpText('after', examples)
    .action(
      async (
        name: string,
        { deadline, wait, timeout }: { deadline?: number; wait: boolean; timeout: number },
      ) => {
        await withPools((pools) =>
          drainPool({
            ...{ pools, name, deadlineSeconds: deadline, done: 'drained' },
            timeoutSeconds: wait ? timeout : null,
          }),
        );
      },
    );
}
