import { Option } from 'commander';
import type { Pools } from '../client/pools.ts';
import { readDuration } from './read-duration.ts';

/** Claims may last for days, so a wait needs an end; most pools are empty within a minute. */
const defaultTimeoutSeconds = 120;

/** How long the pool waits for claims: an option of all commands that drain. */
export function deadlineOption(): Option {
  return new Option(
    '--deadline <time>',
    'leave claims to their holders that are held after this (the longest lease of the pool)',
  ).argParser(readDuration);
}

/** How long the command waits for the pool's end. */
export function timeoutOption(): Option {
  return new Option('--timeout <time>', 'longest wait')
    .argParser(readDuration)
    .default(defaultTimeoutSeconds, `${defaultTimeoutSeconds}s`);
}

/** Drains a pool and says what became of it. Raises when it has not ended after `timeoutSeconds`. */
export async function drainPool(options: {
  pools: Pools;
  name: string;
  deadlineSeconds: number | undefined;
  /** null: the command does not wait. */
  timeoutSeconds: number | null;
  /** What is said once the pool has ended. */
  done: string;
}): Promise<void> {
  const { pools, name, deadlineSeconds, timeoutSeconds, done } = options;
  await pools.drain(name, deadlineSeconds === undefined ? {} : { deadlineSeconds });
  if (timeoutSeconds === null) {
    console.log(`pool ${name} drains`);
    return;
  }
  const last = await pools.waitUntilEnded(name, timeoutSeconds * 1000);
  if (last === null) {
    throw new Error(
      `Pool ${name} still drains after ${timeoutSeconds} s and will end on its own; \`describe pool ${name}\` tells what it waits for`,
    );
  }
  const left = last.claimed === 0 ? '' : `; ${last.claimed} claimed pods are left to their holders`;
  console.log(`pool ${name} ${done}${left}`);
}
