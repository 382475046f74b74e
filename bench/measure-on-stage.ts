/** Runs one benchmark on servers of its own. */
import ora from 'ora';
import type { ClusterKind } from '../dev/clusters/start-cluster.ts';
import type { HeartbeatProfile } from '../src/workers/configuration.ts';
import { startStage, type Stage } from './stage.ts';

/** The options of every benchmark. */
export interface CommonOptions {
  cluster: ClusterKind;
  json?: true;
  profile?: string;
}

/** Starts the servers, measures, prints, and stops everything, also after Ctrl-C. */
export async function measureOnStage(
  options: CommonOptions & { apis: number; heartbeats?: HeartbeatProfile },
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
      ...{ cluster: options.cluster, apis: options.apis, onStep },
      profileFolder: options.profile ?? null,
      heartbeats: options.heartbeats ?? 'default',
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
