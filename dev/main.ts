/** The command line of `temporal-dev.sh`. Every failure is a message on stderr and exit code 1. */
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import ora from 'ora';
import { formatTable } from './format-table.ts';
import type { Cluster } from './clusters/cluster.ts';
import { environmentVariables } from './environment.ts';
import { findTemporalCli } from './install/find-temporal-cli.ts';
import { silent } from './report.ts';
import { parseSeconds } from './parse-seconds.ts';
import { endLeftovers, findLeftovers } from './leftovers.ts';
import {
  claimStateFolder,
  findSupervisor,
  readStatus,
  releaseStateFolder,
  type EnvironmentStatus,
} from './state-folder.ts';
import { upDetached } from './up-detached.ts';
import { up } from './up.ts';

/** Each process gets 15 s to end; of a control plane's eight, seven end at once. */
const stopTimeoutMs = 120_000;

/** Time between looks whether it has ended. */
const lookEveryMs = 100;

const program = new Command('temporal-dev.sh')
  .description('Pilotlight on this machine: Temporal, a cluster, a worker and pools that fill')
  .addHelpText('after', '\nWithout a command it does `up`; `up --help` tells its options.');

program
  .command('up', { isDefault: true })
  .description('start everything and show the pools until Ctrl-C (the default)')
  .option('--detach', 'leave it running; `stop` ends it', false)
  .addOption(
    new Option(
      '--cluster <kind>',
      'the cluster (default: what the state folder holds, else simulated)',
    ).choices(['simulated', 'control-plane', 'kubeconfig']),
  )
  .option('--context <name>', 'the context of `--cluster kubeconfig`')
  .option('--headless', "without Temporal's web UI", false)
  .addOption(
    new Option('--node-delay <duration>', 'until a node comes for a pod')
      .argParser(parseSeconds)
      .default(150, '150s'),
  )
  .addOption(stateDirOption())
  .action(
    async (given: {
      detach: boolean;
      cluster?: Cluster['kind'];
      context?: string;
      headless: boolean;
      nodeDelay: number;
      stateDir: string;
    }) => {
      const { detach, headless, nodeDelay: nodeDelaySeconds } = given;
      const { cluster = null, context = null } = given;
      const stateDir = resolve(given.stateDir);
      const options = { stateDir, cluster, context, headless, nodeDelaySeconds };
      if (!detach) return up(options);
      await upDetached(stateDir, [
        ...['--state-dir', stateDir, '--node-delay', `${nodeDelaySeconds}s`],
        ...(cluster === null ? [] : ['--cluster', cluster]),
        ...(context === null ? [] : ['--context', context]),
        ...(headless ? ['--headless'] : []),
      ]);
    },
  );

program
  .command('stop')
  .description('end an environment; its pools and pods stay in the state folder')
  .addOption(stateDirOption())
  .action(async ({ stateDir }: { stateDir: string }) => {
    const pid = await findSupervisor(resolve(stateDir));
    if (pid === null) return stopLeftovers(stateDir);
    process.kill(pid, 'SIGTERM');
    const spinner = ora('Stopping the worker, the cluster and Temporal').start();
    const deadlineMs = Date.now() + stopTimeoutMs;
    while ((await findSupervisor(resolve(stateDir))) !== null) {
      if (Date.now() > deadlineMs) {
        spinner.fail();
        throw new Error(`Process ${pid} did not end within ${stopTimeoutMs / 1_000} s`);
      }
      await sleep(lookEveryMs);
    }
    spinner.succeed('Stopped');
  });

program
  .command('status')
  .description('say where its servers answer and which processes run')
  .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
  .addOption(stateDirOption())
  .action(async ({ stateDir, output }: { stateDir: string; output?: 'json' }) => {
    const status = await runningStatus(stateDir);
    console.log(output === 'json' ? JSON.stringify(status, null, 2) : formatStatus(status));
  });

program
  .command('env')
  .description('print exports for a shell: eval "$(./temporal-dev.sh env)"')
  .addOption(stateDirOption())
  .action(async ({ stateDir }: { stateDir: string }) => {
    const variables = environmentVariables(await runningStatus(stateDir));
    for (const [name, value] of Object.entries(variables)) {
      console.log(`export ${name}=${quoted(value)}`);
    }
    const folder = dirname(await findTemporalCli({ report: silent }));
    const path = process.env['PATH'] ?? '';
    if (!path.split(delimiter).includes(folder))
      console.log(`export PATH="$PATH":${quoted(folder)}`);
  });

try {
  await program.parseAsync();
  // Temporal's client may keep a timer for an address that is gone; everything of ours has ended.
  process.exit(0);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

function stateDirOption(): Option {
  const inCheckout = join(import.meta.dirname, '../.pilotlight');
  return new Option('--state-dir <folder>', 'where its data is kept').default(inCheckout);
}

/** Its keeper was killed with -9: what it kept may still run. */
async function stopLeftovers(stateDir: string): Promise<void> {
  const folder = resolve(stateDir);
  if (findLeftovers(folder).length === 0) throw notRunning(stateDir);
  await claimStateFolder(folder);
  try {
    console.log(`Stopped ${(await endLeftovers(folder)).join(', ')}, whose keeper had been killed`);
  } finally {
    await releaseStateFolder(folder);
  }
}

async function runningStatus(stateDir: string): Promise<EnvironmentStatus> {
  const folder = resolve(stateDir);
  const status = (await findSupervisor(folder)) === null ? null : await readStatus(folder);
  if (status === null) throw notRunning(stateDir);
  return status;
}

function notRunning(stateDir: string): Error {
  const names = findLeftovers(resolve(stateDir)).map(({ name }) => name);
  const start = 'start it with `./temporal-dev.sh up`';
  return new Error(
    names.length === 0
      ? `No environment runs in --state-dir ${stateDir}; ${start}`
      : `The process that kept --state-dir ${stateDir} was killed, and ${names.join(', ')} outlived it; ` +
          `end them with \`./temporal-dev.sh stop\`, or ${start}`,
  );
}

function formatStatus({ temporal, kubernetes, api, processes }: EnvironmentStatus): string {
  const rows = processes.map(({ name, pid, restarts }) => [name, pid ?? 'restarting', restarts]);
  return [
    `Temporal    ${temporal.address}, namespace ${temporal.namespace}, UI ${temporal.ui ?? 'off'}`,
    `Kubernetes  ${kubernetes.kind}, namespace ${kubernetes.namespace}, ${kubernetes.kubeconfig}`,
    `API         ${api.url ?? 'off'}`,
    '',
    formatTable(['PROCESS', 'PID', 'RESTARTS'], rows),
  ].join('\n');
}

/** A value as one word of a POSIX shell. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
