/**
 * The benchmarks' command line: `npm run bench -- COMMAND`. Progress goes to stderr, the report to
 * stdout; with `--json` the last thing printed there is one JSON object.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command, Option } from 'commander';
import ora from 'ora';
import type { ClusterKind } from '../dev/clusters/start-cluster.ts';
import type { HeartbeatProfile } from '../src/workers/configuration.ts';
import { measureAll } from './all.ts';
import { chartsOf } from './charts.ts';
import type { LoadSettings } from './claims-report.ts';
import { measureClaims } from './claims.ts';
import {
  addClaimOptions,
  addCommonOptions,
  clusterOption,
  heartbeatsOption,
  type ClaimOptions,
} from './command-options.ts';
import { readCpuProfile } from './cpu-profile.ts';
import { measureFill } from './fill.ts';
import { drawFlame } from './flame-chart.ts';
import { formatClaims } from './format-claims.ts';
import { formatFill } from './format-fill.ts';
import { formatGrowth } from './format-growth.ts';
import { formatProfile } from './format-profile.ts';
import { formatQuiet } from './format-quiet.ts';
import { formatRestart } from './format-restart.ts';
import { measureGrowth } from './growth.ts';
import { measureOnStage, type CommonOptions } from './measure-on-stage.ts';
import { measureQuiet } from './quiet.ts';
import { formatReport } from './report.ts';
import { measureRestart } from './restart.ts';
import { readResults } from './results.ts';
import { burst, steadyLoad, type LoadSchedule } from './schedules.ts';
import { select, suite } from './suite.ts';
import { wholeNumber } from './whole-number.ts';

const program = new Command('bench').description(
  'Measures Pilotlight on real servers, each figure against the floor of the same run',
);

addCommonOptions(program.command('fill'))
  .description(
    'fill one or several pools, against the same pods created and awaited by a bare loop',
  )
  .addOption(
    new Option('--pods <number>', 'pods of all pools together')
      .argParser(wholeNumber(1, 2_000))
      .default(300),
  )
  .addOption(
    new Option('--pools <number>', 'pools that fill at the same time')
      .argParser(wholeNumber(1, 100))
      .default(1),
  )
  .addOption(
    new Option('--runs <number>', 'measured runs').argParser(wholeNumber(1, 50)).default(3),
  )
  .action(async (options: CommonOptions & { pods: number; pools: number; runs: number }) => {
    const { cluster, pods, pools, runs } = options;
    await measureOnStage({ ...options, apis: 0 }, async (stage) => {
      const report = await measureFill({ ...stage, cluster, pods, pools, runs });
      return { report, text: formatFill(report) };
    });
  });

addCommonOptions(program.command('quiet'))
  .description('what pools cost while nothing happens: Temporal actions, memory and CPU time')
  .addOption(new Option('--pools <number>', 'pools').argParser(wholeNumber(1, 100)).default(50))
  .addOption(
    new Option('--pods <number>', 'warm pods of all pools together')
      .argParser(wholeNumber(1, 2_000))
      .default(500),
  )
  .addOption(
    new Option('--seconds <number>', 'how long to measure')
      .argParser(wholeNumber(10, 7_200))
      .default(60),
  )
  .addOption(heartbeatsOption())
  .action(
    async (
      options: CommonOptions & {
        pools: number;
        pods: number;
        seconds: number;
        heartbeats: HeartbeatProfile;
      },
    ) => {
      const { cluster, pools, pods, seconds, heartbeats } = options;
      await measureOnStage({ ...options, apis: 1 }, async (stage) => {
        const load = { cluster, pools, pods, seconds, heartbeats };
        const report = await measureQuiet({ ...stage, ...load });
        return { report, text: formatQuiet(report) };
      });
    },
  );

addCommonOptions(program.command('growth'))
  .description('what each pool and each pod adds, on servers that hold ever more of both')
  .addOption(
    new Option('--seconds <number>', 'how long to measure after the last step')
      .argParser(wholeNumber(10, 7_200))
      .default(60),
  )
  .addOption(heartbeatsOption())
  .action(async (options: CommonOptions & { seconds: number; heartbeats: HeartbeatProfile }) => {
    const { cluster, seconds, heartbeats } = options;
    await measureOnStage({ ...options, apis: 1 }, async (stage) => {
      const report = await measureGrowth({ ...stage, cluster, seconds, heartbeats });
      return { report, text: formatGrowth(report) };
    });
  });

addCommonOptions(program.command('restart'))
  .description('kill the API and the worker, and await the first claim and a resumed fill')
  .addOption(new Option('--pools <number>', 'pools').argParser(wholeNumber(1, 100)).default(20))
  .addOption(
    new Option('--pods <number>', 'warm pods of all pools together')
      .argParser(wholeNumber(20, 2_000))
      .default(2_000),
  )
  .addOption(
    new Option('--runs <number>', 'starts of the API; half as many fills are interrupted')
      .argParser(wholeNumber(1, 50))
      .default(5),
  )
  .action(async (options: CommonOptions & { pools: number; pods: number; runs: number }) => {
    const { cluster, pools, pods, runs } = options;
    await measureOnStage({ ...options, apis: 1 }, async (stage) => {
      const report = await measureRestart({ ...stage, cluster, pools, pods, runs });
      return { report, text: formatRestart(report) };
    });
  });

addClaimOptions(program.command('claims'))
  .description('claim, hold for 5 s and release at a steady rate, against a bare loop that does so')
  .addOption(
    new Option('--rate <number>', 'claims a second, arriving at random (Poisson)')
      .argParser(wholeNumber(1, 200))
      .default(10),
  )
  .addOption(
    new Option('--seconds <number>', 'length of all parts together')
      .argParser(wholeNumber(2, 3_600))
      .default(60),
  )
  .addOption(
    new Option('--pool <number>', 'warm pods of the pool')
      .argParser(wholeNumber(1, 500))
      .default(50),
  )
  .addOption(
    new Option('--seed <number>', 'of the arrivals').argParser(wholeNumber(0, 1e9)).default(1),
  )
  .action(
    async (
      options: ClaimOptions & { rate: number; seconds: number; pool: number; seed: number },
    ) => {
      const { rate: ratePerSecond, seconds, pool: poolSize, seed } = options;
      const settings = { benchmark: 'claims' as const, ratePerSecond, seconds, poolSize };
      await measureLoad(
        options,
        settings,
        steadyLoad({ ratePerSecond, seconds, parts: options.parts, seed }),
      );
    },
  );

addClaimOptions(program.command('burst'))
  .description('claim that many warm pods at once, against a bare loop that does so')
  .addOption(
    new Option('--claims <number>', 'claims, and warm pods of the pool')
      .argParser(wholeNumber(1, 500))
      .default(300),
  )
  .action(async (options: ClaimOptions & { claims: number }) => {
    const poolSize = options.claims;
    const settings = { benchmark: 'burst' as const, ratePerSecond: null, seconds: null, poolSize };
    await measureLoad(options, settings, burst({ claims: poolSize, parts: options.parts }));
  });

program
  .command('all')
  .description('make all measurements, each on servers of its own: about 45 minutes')
  .addOption(clusterOption().default('control-plane' satisfies ClusterKind))
  .option('--quick', 'fewer sizes and short loads, for a first look: about 15 minutes')
  .option('--only <names...>', 'some of the measurements, by name')
  .requiredOption('--json <file>', 'where the results go, after each measurement')
  .action(
    async (options: { cluster: ClusterKind; quick?: true; only?: string[]; json: string }) => {
      const { cluster, json: path, quick = false, only } = options;
      const all = suite({ quick });
      const measurements = only === undefined ? all : select(all, only);
      const spinner = ora({ stream: process.stderr, discardStdin: false }).start();
      const { results } = await measureAll({
        ...{ measurements, cluster, quick, path },
        onStep: (step) => void (spinner.text = step),
      });
      const failed = results.filter(({ error }) => error !== null).map(({ name }) => name);
      if (failed.length > 0) {
        spinner.fail();
        throw new Error(`these measurements failed: ${failed.join(', ')}; ${path} says why`);
      }
      spinner.succeed(`${results.length} measurements are in ${path}`);
    },
  );

program
  .command('report')
  .description('make a page with charts from the results of `all`')
  .argument('<file>', 'the results')
  .option('--out <file>', 'the page; charts go into a folder beside it', 'bench/report.md')
  .action(async (path: string, { out }: { out: string }) => {
    const results = readResults(await readFile(path, 'utf8'));
    const [chartFolder, profiles] = ['charts', 'profiles/README.md'];
    const charts = chartsOf(results);
    const folder = join(dirname(out), chartFolder);
    await mkdir(folder, { recursive: true });
    for (const { name, svg } of charts) await writeFile(join(folder, `${name}.svg`), svg);
    const hasProfiles = existsSync(join(dirname(out), profiles));
    const profilePage = hasProfiles ? profiles : null;
    await writeFile(out, formatReport(results, { charts, chartFolder, profilePage }));
    console.log(`${out} and ${charts.length} charts in ${folder} are written`);
  });

program
  .command('flame')
  .description('draw a CPU profile, as `--profile` writes one for each thread, as a flame graph')
  .argument('<profile>', 'a file that ends in .cpuprofile')
  .requiredOption('--out <file>', 'the picture, an SVG; tables go into a .md beside it')
  .option('--title <text>', 'what was measured', 'CPU time')
  .addOption(
    new Option('--from <seconds>', 'leave out what came before: the start, and the warm-up')
      .argParser(wholeNumber(0, 86_400))
      .default(0),
  )
  .action(async (path: string, options: { out: string; title: string; from: number }) => {
    const { out, title, from } = options;
    const root = readCpuProfile(await readFile(path, 'utf8'), from);
    await mkdir(dirname(out), { recursive: true });
    await writeFile(out, drawFlame(root, title));
    const tables = out.replace(/(\.svg)?$/, '.md');
    await writeFile(tables, formatProfile(root, title));
    console.log(`${out} and ${tables} are written`);
  });

try {
  await program.parseAsync();
  // Temporal's client may keep a timer for an address that is gone; everything of ours has ended.
  process.exit(0);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

async function measureLoad(
  options: ClaimOptions,
  load: Pick<LoadSettings, 'benchmark' | 'ratePerSecond' | 'seconds' | 'poolSize'>,
  schedule: LoadSchedule,
): Promise<void> {
  const { cluster, replicas } = options;
  const settings = { ...load, cluster, replicas, claimIds: options.claimIds === true };
  await measureOnStage({ ...options, apis: replicas }, async (stage) => {
    const report = await measureClaims({ ...stage, settings, schedule });
    return { report, text: formatClaims(report) };
  });
}
