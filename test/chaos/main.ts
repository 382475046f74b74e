/**
 * Breaks Pilotlight at random and checks that it kept its invariants: `npm run chaos -- --seed S
 * --minutes M --cluster simulated|control-plane`. The last line is the verdict; the exit code is 1 when
 * an invariant was breached.
 */
import { Command, Option } from 'commander';
import { prepare } from '../../dev/prepare.ts';
import { runSchedule, type ChaosResult } from './run-schedule.ts';
import { makeSchedule, type ChaosCluster, type Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';
import { wholeNumber } from '../../bench/whole-number.ts';

interface ChaosOptions {
  seed: number;
  seeds: number;
  minutes?: number;
  seconds: number;
  cluster: ChaosCluster;
  shrink: boolean;
  verbose?: true;
}

const options = new Command('chaos')
  .description('Breaks Pilotlight at random, and checks that it kept its invariants')
  .addOption(
    new Option('--seed <number>', 'of the first schedule')
      .argParser(wholeNumber(0, 2 ** 32 - 1))
      .default(1),
  )
  .addOption(
    new Option('--seeds <number>', 'how many seeds, from the first on')
      .argParser(wholeNumber(1, 10_000))
      .default(1),
  )
  .addOption(
    new Option('--minutes <number>', 'of faults for each seed').argParser(wholeNumber(1, 600)),
  )
  .addOption(
    new Option('--seconds <number>', 'of faults for each seed, in place of minutes')
      .argParser(wholeNumber(1, 36_000))
      .default(20),
  )
  .addOption(
    new Option('--cluster <kind>', 'the cluster to start')
      .choices(['simulated', 'control-plane'] satisfies ChaosCluster[])
      .default('simulated' satisfies ChaosCluster),
  )
  .option('--no-shrink', 'look for no shorter schedule after a failure')
  .option('--verbose', 'print what happens as it happens')
  .parse()
  .opts<ChaosOptions>();

const ending = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => ending.abort(new Error(`interrupted by ${name}`)));
}

async function run(schedule: Schedule): Promise<ChaosResult> {
  const onLine = (line: string): void => {
    if (options.verbose === true) console.log(line);
  };
  const result = await runSchedule(schedule, { onLine, signal: ending.signal });
  const { breaches, granted, created, answers } = result;
  const faults = schedule.faults.length;
  const outcome = breaches.length === 0 ? 'passed' : `FAILED: ${breaches.join(' | ')}`;
  console.log(
    `seed ${schedule.seed}: ${faults} faults, ${granted} claims, ${created} pods, ${outcome}`,
  );
  if (options.verbose === true) console.log(JSON.stringify(answers));
  return result;
}

/** Prints all that a reader needs to repeat a failure. */
async function explain({ schedule, timeline }: ChaosResult): Promise<void> {
  console.log(`timeline of seed ${schedule.seed}:\n  ${timeline.join('\n  ')}`);
  if (!options.shrink) return;
  const fails = async (shorter: Schedule): Promise<boolean> =>
    (await run(shorter)).breaches.length > 0;
  const shortest = await shrink(schedule, fails);
  console.log(`shortest schedule that failed:\n${JSON.stringify(shortest)}`);
}

/** The seeds that failed. Rejects with the signal's reason when it was told to end. */
async function runSeeds(): Promise<number[]> {
  await prepare(options.cluster);
  const seconds = options.minutes === undefined ? options.seconds : options.minutes * 60;
  const failed: number[] = [];
  for (let seed = options.seed; seed < options.seed + options.seeds; seed += 1) {
    ending.signal.throwIfAborted();
    const result = await run(makeSchedule({ seed, seconds, cluster: options.cluster }));
    if (result.breaches.length === 0) continue;
    failed.push(seed);
    await explain(result);
  }
  return failed;
}

try {
  const failed = await runSeeds();
  console.log(
    failed.length === 0
      ? `chaos: ${options.seeds} of ${options.seeds} seeds passed`
      : `chaos: ${failed.length} of ${options.seeds} seeds FAILED: ${failed.join(', ')}`,
  );
  process.exit(failed.length === 0 ? 0 : 1);
} catch (error) {
  if (error !== ending.signal.reason) throw error;
  console.log(`chaos: ${String(ending.signal.reason)}, and its servers are stopped`);
  process.exit(1);
}
