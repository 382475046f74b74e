/**
 * The benchmarks' command line: `npm run bench -- COMMAND`. Progress goes to stderr, the report to
 * stdout; with `--json` the last thing printed there is one JSON object.
 */
import { Command, Option } from 'commander';
import ora from 'ora';
import { clusterKinds, type ClusterKind } from '../dev/clusters/start-cluster.ts';
import { measureFill } from './fill.ts';
import { formatFill } from './format-fill.ts';
import { startStage, type Stage } from './stage.ts';
import { wholeNumber } from './whole-number.ts';

/** The options of every benchmark. */
interface CommonOptions {
  cluster: ClusterKind;
  json?: true;
  profile?: string;
}

const program = new Command('bench').description(
  'Measures Pilotlight on real servers, each figure against the floor of the same run',
);

addCommonOptions(program.command('fill'))
  .description('fill one pool, against the same pods created and awaited by a bare loop')
  .addOption(
    new Option('--pods <number>', 'pods of the pool').argParser(wholeNumber(1, 1_000)).default(300),
  )
  .addOption(
    new Option('--runs <number>', 'measured runs').argParser(wholeNumber(1, 50)).default(3),
  )
  .action(async (options: CommonOptions & { pods: number; runs: number }) => {
    const { cluster, pods, runs } = options;
    await measureOnStage(options, async ({ stage, onStep, signal }) => {
      const report = await measureFill({ stage, cluster, pods, runs, onStep, signal });
      return { report, text: formatFill(report) };
    });
  });

try {
  await program.parseAsync();
  // Temporal's client may keep a timer for an address that is gone; everything of ours has ended.
  process.exit(0);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

function addCommonOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--cluster <kind>', 'the cluster to start')
        .choices(clusterKinds)
        .default('simulated' satisfies ClusterKind),
    )
    .option('--json', 'print one JSON object instead of tables')
    .option('--profile <folder>', 'write CPU profiles of our processes there');
}

/** Starts the servers, measures, prints, and stops everything, also after Ctrl-C. */
async function measureOnStage(
  options: CommonOptions,
  measure: (stage: {
    stage: Stage;
    onStep: (step: string) => void;
    signal: AbortSignal;
  }) => Promise<{ report: object; text: string }>,
): Promise<void> {
  const ending = new AbortController();
  const interrupt = (): void => ending.abort(new Error('interrupted'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  const spinner = ora({ stream: process.stderr, discardStdin: false });
  const onStep = (step: string): void => {
    if (spinner.isSpinning) spinner.succeed();
    spinner.start(step);
  };
  let stage: Stage | null = null;
  try {
    stage = await startStage({
      ...{ cluster: options.cluster, profileFolder: options.profile ?? null, onStep },
    });
    const { report, text } = await measure({ stage, onStep, signal: ending.signal });
    onStep('Stopping the servers');
    await stage.stop('done');
    spinner.succeed();
    console.log(options.json === true ? JSON.stringify(report) : text);
  } catch (error) {
    spinner.fail();
    await stage?.stop('failed');
    throw error;
  }
}
