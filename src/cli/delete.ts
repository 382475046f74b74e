import { Command, InvalidArgumentError } from 'commander';
import { withPools } from './servers.ts';

/** Claims may last for days, so a wait needs an end; most pools are empty within a minute. */
const defaultTimeoutSeconds = 120;

/** `pilotlight delete pool NAME`: drains the pool and waits until its pods are gone. */
export function deleteCommand(): Command {
  const pool = new Command('pool')
    .description('retire the pods of a pool, wait for its claims to end, and end it')
    .argument('<name>', 'name of the pool')
    .option('--no-wait', 'return as soon as the pool knows')
    .option('--timeout <seconds>', 'longest wait', readSeconds, defaultTimeoutSeconds)
    .action(async (name: string, { wait, timeout }: { wait: boolean; timeout: number }) => {
      await withPools(async (pools) => {
        await pools.drain(name);
        if (!wait) {
          console.log(`pool ${name} drains`);
        } else if (await pools.waitUntilEnded(name, timeout * 1000)) {
          console.log(`pool ${name} deleted`);
        } else {
          throw new Error(
            `Pool ${name} still drains after ${timeout} s and will end on its own; \`describe pool ${name}\` tells what it waits for`,
          );
        }
      });
    });
  return new Command('delete').description('end things').addCommand(pool);
}

function readSeconds(text: string): number {
  // A day: longer waits belong into a script of their own.
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 86_400) return Number(text);
  throw new InvalidArgumentError('Expected whole seconds from 1 to 86400.');
}
