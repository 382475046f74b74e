import { Command, Option } from 'commander';
import { runningHistories } from '../client/running-histories.ts';
import { defaultTaskQueue } from '../workflows/task-queue.ts';
import type { ReplayedRun } from '../workers/replay-histories.ts';
import { formatTable } from './format-table.ts';
import { withTemporal } from './servers.ts';

const examples = `
The gate before a deploy: run it with the release that is to be deployed, against the Temporal where
the pools run. Exit code 1 when this release can't go on with one of them: deploying it would leave
that pool standing still, with its state safe, until a release that can. Reads, and changes nothing.

Examples:
  pilotlight replay --running
  pilotlight replay --running -o json | jq '.[] | select(.fault)'`;

interface Options {
  running?: true;
  output?: 'json';
}

/** `pilotlight replay --running`: whether this release can go on with every pool that runs. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('replay the histories of all running pools against this release')
    .requiredOption('--running', 'of the pools that run now')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
    .addHelpText('after', examples)
    .action(async ({ output }: Options) => {
      // The replayer is a native library of 40 MB, which no other command needs.
      const { quietReplays, replayHistories } = await import('../workers/replay-histories.ts');
      quietReplays();
      const taskQueue = process.env['PILOTLIGHT_TASK_QUEUE'] ?? defaultTaskQueue;
      const runs = await withTemporal((temporal, codecs) =>
        Array.fromAsync(replayHistories(runningHistories(temporal, taskQueue), { codecs })),
      );
      console.log(output === 'json' ? JSON.stringify(runs, null, 2) : formatReplays(runs));
      if (runs.some(({ fault }) => fault !== null)) process.exitCode = 1;
    });
}

/** The runs that failed, and a verdict as the last line. */
export function formatReplays(runs: ReplayedRun[]): string {
  if (runs.length === 0) return 'No pool runs: there is nothing to replay.';
  const failed = runs.filter(({ fault }) => fault !== null);
  const events = runs.reduce((sum, run) => sum + run.events, 0);
  if (failed.length === 0) {
    return `All ${runs.length} running workflows (${events} events) go on with this release.`;
  }
  const rows = failed.map(({ workflowId, runId, fault }) => [workflowId, runId, fault ?? '']);
  return `${formatTable(['WORKFLOW', 'RUN', 'FAULT'], rows)}\n${failed.length} of ${runs.length} running workflows can't go on with this release.`;
}
