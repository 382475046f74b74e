import tty from 'node:tty';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { createLogUpdate } from 'log-update';
import { formatTop } from './format-top.ts';
import { listPools } from './pools-or-cards.ts';
import { readDuration } from './read-duration.ts';

/** A look costs a worker one query a pool. */
const defaultIntervalSeconds = 2;

const examples = `
In a terminal the table is redrawn until q or Ctrl-C. Elsewhere it is printed once, or --count times.

Examples:
  pilotlight top
  pilotlight top --interval 10s --count 6 > pools.txt`;

/** `pilotlight top`: all pools, live. */
export function topCommand(): Command {
  return new Command('top')
    .description('watch all pools: target, warm, pending, claimed, demand, reason')
    .option('--interval <time>', 'between looks, at least 1s', readInterval, defaultIntervalSeconds)
    .option('--count <number>', 'looks before it ends (1 without a terminal)', readCount)
    .addHelpText('after', examples)
    .action(async ({ interval, count }: { interval: number; count?: number }) => {
      const isLive = tty.isatty(1);
      const looks = count ?? (isLive ? Infinity : 1);
      const stop = untilTold();
      const draw = isLive ? createLogUpdate(process.stdout) : console.log;
      try {
        for (let look = 0; look < looks; look += 1) {
          if (look > 0) await sleep(interval * 1000, undefined, stop).catch(() => undefined);
          if (stop.signal.aborted) break;
          draw(await picture(isLive));
        }
      } finally {
        stop.end();
      }
    });
}

/** The table, or why there is none: a live view outlives a server that is away for a while. */
async function picture(isLive: boolean): Promise<string> {
  try {
    const pools = await listPools();
    const table = pools.length === 0 ? 'There are no pools.' : formatTop(pools);
    return isLive ? `${new Date().toISOString()}  (q ends)\n\n${table}` : table;
  } catch (error) {
    if (!isLive) throw error;
    return `${new Date().toISOString()}  ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Aborts at q, Ctrl-C or SIGTERM; `end` gives the terminal back. */
function untilTold(): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const onKey = (key: Buffer): void => {
    if (['q', '\u0003'].includes(key.toString())) abort();
  };
  const { stdin } = process;
  process.once('SIGINT', abort).once('SIGTERM', abort);
  if (stdin.isTTY) stdin.setRawMode(true).resume().on('data', onKey);
  return {
    signal: controller.signal,
    end: () => {
      process.off('SIGINT', abort).off('SIGTERM', abort);
      if (stdin.isTTY) stdin.setRawMode(false).off('data', onKey).pause();
    },
  };
}

/** Without a pause a forgotten view would keep a worker busy with nothing but queries. */
function readInterval(text: string): number {
  const seconds = readDuration(text);
  if (seconds >= 1) return seconds;
  throw new InvalidArgumentError('Expected a time of 1s or more.');
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number above 0.');
}
