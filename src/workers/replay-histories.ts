/** Replays recorded histories against the workflows of this release: what a deploy would do to them. */
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import type { temporal } from '@temporalio/proto';
import type { EncryptionCodec } from '../codec/encryption-codec.ts';
import { interceptorModules, replayDataConverter, workflowCode } from './workflow-code.ts';

/** A run's history and whose it is. */
export interface RunHistory {
  workflowId: string;
  runId: string;
  history: temporal.api.history.v1.IHistory;
}

/** How a run's replay went. */
export interface ReplayedRun {
  workflowId: string;
  runId: string;
  events: number;
  /** Why this release can't go on with the run; null when it can. */
  fault: string | null;
}

/** Replay compares no heartbeats, so those of either profile will do. */
const replayedHeartbeats = 'default';

/** A fault is one line in a table; the replayer's own are a few hundred characters. */
const maxFaultCharacters = 600;

/**
 * Replays histories one after the other, each of which is asked for when its turn comes, so that one
 * at a time is in memory; each is of another workflow. Needs no server. Call `quietReplays` before.
 *
 * @param options.workflowBundle the code to replay against; what `src/workflows` says now unless given
 * @param options.codecs what the histories were encrypted with; nothing unless given
 */
export async function* replayHistories(
  histories: AsyncIterable<RunHistory>,
  options: { workflowBundle?: WorkflowBundle; codecs?: EncryptionCodec[] } = {},
): AsyncGenerator<ReplayedRun> {
  const { workflowBundle, codecs = [] } = options;
  const events = new Map<string, number>();
  const counted = async function* (): AsyncGenerator<RunHistory> {
    for await (const run of histories) {
      events.set(run.workflowId, run.history.events?.length ?? 0);
      yield run;
    }
  };
  const replayed = Worker.runReplayHistories(
    {
      workflowBundle: workflowBundle ?? (await bundleOf(workflowCode.workflowsPath)),
      dataConverter: replayDataConverter(codecs),
    },
    counted(),
  );
  for await (const { workflowId, runId, error } of replayed) {
    const fault = error === undefined ? null : error.message.slice(0, maxFaultCharacters);
    yield { workflowId, runId, events: events.get(workflowId) ?? 0, fault };
    events.delete(workflowId);
  }
}

/** The workflows of an entry file as one script, made anew: a kept one might be of other sources. */
export function bundleOf(workflowsPath: string): Promise<WorkflowBundle> {
  const logger = new DefaultLogger('ERROR');
  const workflowInterceptorModules = interceptorModules(replayedHeartbeats);
  return bundleWorkflowCode({ ...workflowCode, workflowsPath, workflowInterceptorModules, logger });
}

let isQuiet = false;

/** Keeps what the replayer logs off the terminal, once for the process: its verdicts are returned. */
export function quietReplays(): void {
  if (isQuiet) return;
  isQuiet = true;
  const logging = { filter: 'OFF', forward: {} };
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } });
}
