import { Command } from 'commander';
import { deadlineOption, drainPool, timeoutOption } from './drain-pool.ts';
import { withPools } from './servers.ts';

const examples = `
Examples:
  pilotlight delete pool small                 waits until its pods are gone
  pilotlight delete pool small --deadline 0    claimed pods are left to their holders`;

/** `pilotlight delete pool NAME`: drains the pool and waits until its pods are gone. */
export function deleteCommand(): Command {
  const pool = new Command('pool')
    .description('retire the pods of a pool, wait for its claims to end, and end it')
    .argument('<name>', 'name of the pool')
    .addOption(deadlineOption())
    .option('--no-wait', 'return as soon as the pool knows')
    .addOption(timeoutOption())
    .addHelpText('after', examples)
    .action(
      async (
        name: string,
        { deadline, wait, timeout }: { deadline?: number; wait: boolean; timeout: number },
      ) => {
        await withPools((pools) =>
          drainPool({
            ...{ pools, name, deadlineSeconds: deadline, done: 'deleted' },
            timeoutSeconds: wait ? timeout : null,
          }),
        );
      },
    );
  return new Command('delete').description('end things').addCommand(pool);
}
