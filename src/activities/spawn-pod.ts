/**
 * Makes one pod and waits until it is Ready: get-or-create by name.
 *
 * A1. A pod that exists under the name and is ours is adopted, never deleted first or made twice.
 * A2. A pod whose uid was known and that is absent is gone; it is never created again.
 * A3. The clock of podReadySeconds starts at the pod's creation, so it survives every retry.
 * A4. Only past that deadline is the pod retired here, and only if unclaimed and not Ready. Neither
 *     a shutdown nor a cancellation deletes it: the next attempt, or the pool, goes on with it.
 * A5. A create is sent only by an attempt that was alive a moment ago (prove-alive.ts).
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import type { PodCache } from '../kubernetes/pod-cache.ts';
import { createPod, readPod, retirePod } from '../kubernetes/pods.ts';
import type { SpawnResult } from '../pool/actions.ts';
import type { PodView } from '../pool/pod-view.ts';
import { compareVersions } from '../pool/resource-version.ts';
import { noTracer, type Span, type Tracer } from '../tracing/span.ts';
import { timeStart, type ActivityMetrics } from './activity-metrics.ts';
import { assertCluster, callCluster } from './cluster-failure.ts';
import { FairGate } from './fair-gate.ts';
import { handOver } from './hand-over.ts';
import { proveAlive, trustedForMs } from './prove-alive.ts';
import { spawnsInFlight, startHeartbeat, uidOfHeartbeat } from './spawn-heartbeat.ts';
import type { TemplateCache } from './template-cache.ts';
import { EndsOfSpawns } from './tick.ts';
import { notingPhases, startSpawnSpan, traceCreate, traceSpawn } from './trace-spawn.ts';

export interface SpawnPodInput {
  pool: string;
  namespace: string;
  cluster: string | null;
  podName: string;
  templateHash: string;
  /** The pod to go on with; null when none was ever read under this name. */
  uid: string | null;
  podReadySeconds: number;
}

interface SpawnDependencies {
  connection: ClusterConnection;
  cache: PodCache;
  clusterUid: string;
  templates: TemplateCache;
  metrics: ActivityMetrics;
  tracer?: Tracer;
  isAtWork: (pool: string) => Promise<boolean>;
}

/** A spawn that is the only one ends at once: there is nothing to tell it together with. */
const fewSpawns = 1;

/**
 * Creates at once, few against the 16 claims: refilling after a burst of claims must not take the API
 * server from the claims that still wait. Six already create pods faster than schedulers place them.
 */
const maxCreates = 6;

/** How long a wait trusts the watch before it reads the pod itself. */
const slowPollMs = 15_000;

/** The spawn of a process. Fails with `PodFailed` or `PodRefused`: verdicts, never tried again. */
export function createSpawnPod(
  dependencies: SpawnDependencies,
): (input: SpawnPodInput) => Promise<SpawnResult> {
  const ends = new EndsOfSpawns(dependencies.isAtWork);
  const gate = new FairGate(maxCreates);
  const { connection, metrics, tracer = noTracer } = dependencies;
  const spawn = async (input: SpawnPodInput, span: Span): Promise<SpawnResult> => {
    assertCluster(input.cluster, dependencies.clusterUid);
    const knownUid = uidOfHeartbeat(Context.current().info.heartbeatDetails) ?? input.uid;
    const heartbeat = startHeartbeat({ podName: input.podName, uid: knownUid });
    try {
      const found = await traceCreate(span, () =>
        getOrCreate({ dependencies, input, knownUid, gate }),
      );
      if ('outcome' in found) {
        metrics.countSpawn(input.pool, found.outcome, '');
        return found;
      }
      heartbeat.saw(found);
      const wait = span.child({ name: 'wait for Ready' });
      const time = timeStart({
        ...{ pool: input.pool, first: found, metrics: notingPhases(wait, metrics) },
        nowMs: () => connection.serverNowMs(),
      });
      const saw = (pod: PodView): void => {
        heartbeat.saw(pod);
        time(pod);
      };
      const result = await traceSpawn(wait, () =>
        waitForReady({ dependencies, input, pod: found, saw }),
      );
      metrics.countSpawn(input.pool, result.outcome, '');
      // Claims see the pod already; only the pool hears of it with the others of this tick.
      if (spawnsInFlight() > fewSpawns) {
        await ends.turn(input.pool, Context.current().cancellationSignal);
      }
      return result;
    } catch (error) {
      countVerdict(metrics, input.pool, error);
      throw handOver(error);
    } finally {
      heartbeat.stop();
    }
  };
  return (input) => {
    const span = startSpawnSpan(tracer, input);
    return traceSpawn(span, () => spawn(input, span));
  };
}

/** Counts a failure that ends the spawn; after any other it is tried again. */
function countVerdict(metrics: ActivityMetrics, pool: string, error: unknown): void {
  if (!(error instanceof ApplicationFailure) || error.nonRetryable !== true) return;
  const [reason] = error.details ?? [];
  const outcome = error.type === 'PodRefused' ? 'refused' : 'failed';
  metrics.countSpawn(pool, outcome, String(reason));
}

async function getOrCreate(options: {
  dependencies: SpawnDependencies;
  input: SpawnPodInput;
  knownUid: string | null;
  gate: FairGate;
}): Promise<PodView | SpawnResult> {
  const { dependencies, input, knownUid, gate } = options;
  const { connection, templates } = dependencies;
  const { namespace, pool, podName, templateHash } = input;
  const { cancellationSignal, info } = Context.current();
  if (knownUid !== null || info.attempt > 1) {
    const existing = await readNamesake(connection, { ...input, uid: knownUid });
    if (existing !== null) return existing;
    if (knownUid !== null) return { outcome: 'gone' };
  }
  const template = await callCluster(() => templates.read({ namespace, pool, templateHash }));
  if (template === null) {
    throw refused(
      'TemplateMissing',
      `PodTemplate ${pool}-${templateHash} is missing: apply the pool again`,
    );
  }
  const pod = { connection, namespace, pool, podName, templateHash, template };
  try {
    return await gate.pass(pool, cancellationSignal, () => createIfAlive(pod));
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    if (!isVerdict(error)) return await callCluster(() => Promise.reject(error));
    // A refusal may answer a repeated create whose first reply was lost, so the name is read first.
    const existing = await readNamesake(connection, input);
    if (existing !== null) return existing;
    if (error.kind === 'alreadyExists') {
      throw ApplicationFailure.retryable(`pod ${podName} existed, then was absent`, 'Vanished');
    }
    throw refused(error.kind, error.message);
  }
}

/** Asked at the attempt's turn, since of 1,000 at once most wait longer for it than 5 s. */
async function createIfAlive(pod: Parameters<typeof createPod>[0]): Promise<PodView> {
  const { client, info } = Context.current();
  const aliveMs = await proveAlive({
    scheduledAtMs: info.currentAttemptScheduledTimestampMs,
    heartbeat: () => client.activity.heartbeat(info.taskToken),
  });
  if (performance.now() - aliveMs > trustedForMs) {
    const message = 'the process was held up before it created the pod';
    throw ApplicationFailure.retryable(message, 'HeldUp');
  }
  return createPod(pod);
}

/** Whether the API server has decided, rather than failed to. */
function isVerdict(error: KubernetesError): boolean {
  return ['alreadyExists', 'invalid', 'forbidden', 'quota', 'notFound'].includes(error.kind);
}

/** The pod under the name: ours, another's (`nameTaken`), or null when there is none. */
async function readNamesake(
  connection: ClusterConnection,
  input: SpawnPodInput,
): Promise<PodView | SpawnResult | null> {
  const { namespace, podName: name, pool, templateHash, uid } = input;
  const pod = await callCluster(() => readPod({ connection, namespace, name, pool }));
  if (pod === null) return null;
  if (pod === 'notOurs') return { outcome: 'nameTaken' };
  if (uid !== null && pod.uid !== uid) return { outcome: 'gone' };
  if (pod.templateHash !== templateHash) return { outcome: 'nameTaken' };
  if (pod.terminating) return uid === null ? { outcome: 'nameTaken' } : pod;
  return pod;
}

/** Waits on the process's watch, with a slow poll as the fallback, until Ready, gone or too late. */
async function waitForReady(options: {
  dependencies: SpawnDependencies;
  input: SpawnPodInput;
  pod: PodView;
  saw: (pod: PodView) => void;
}): Promise<SpawnResult> {
  const { dependencies, input, saw } = options;
  const { cache, connection } = dependencies;
  const { namespace, pool, podName: name } = input;
  const signal = Context.current().cancellationSignal;
  let { pod } = options;
  const { uid } = pod;
  const deadlineMs = pod.createdAtMs + input.podReadySeconds * 1000;
  // Bounded by start-to-close, which ends the attempt after podReadySeconds + 60 s.
  for (;;) {
    if (pod.ready || pod.claimed) return { outcome: 'ready', pod };
    if (pod.ended) return await giveUp({ connection, input, pod });
    if (Date.now() >= deadlineMs) return await giveUp({ connection, input, pod });
    const seen = pod.version;
    let caught: PodView | undefined;
    await cache.waitFor({
      name,
      until: (view) => {
        if (view?.uid !== uid || compareVersions(view.version, seen) <= 0) return false;
        caught = view;
        return true;
      },
      timeoutMs: Math.min(slowPollMs, deadlineMs - Date.now()),
      signal,
    });
    if (signal.aborted) await Context.current().cancelled;
    const cached = cache.get(name);
    if (cached?.uid === uid && compareVersions(cached.version, seen) > 0) {
      pod = cached;
    } else if (caught?.ready === true || caught?.claimed === true) {
      // It was Ready, claimed and given back before this could look again: it was Ready all the same.
      pod = caught;
    } else {
      const read = await callCluster(() => readPod({ connection, namespace, name, pool }));
      if (read === null || read === 'notOurs' || read.uid !== uid) return { outcome: 'gone' };
      pod = read;
    }
    saw(pod);
  }
}

/** Past its deadline, or ended: the pod is retired unless it was claimed or turned Ready meanwhile. */
async function giveUp(options: {
  connection: ClusterConnection;
  input: SpawnPodInput;
  pod: PodView;
}): Promise<SpawnResult> {
  const { connection, input, pod } = options;
  const { namespace, podName: name, pool, podReadySeconds } = input;
  const { uid, ended } = pod;
  const retired = await callCluster(() =>
    retirePod({ connection, namespace, name, uid, pool, onlyIfNotReady: true }),
  );
  switch (retired.outcome) {
    case 'gone':
    case 'notOurs':
      return { outcome: 'gone' };
    case 'claimedMeanwhile':
    case 'readyMeanwhile':
    case 'renewedMeanwhile':
      return { outcome: 'ready', pod: retired.pod };
    case 'deleted': {
      const last = retired.pod;
      const reason = last.reason ?? (ended ? 'Ended' : 'NotReady');
      const said = last.message ?? 'the pod gives no reason';
      const when = ended ? 'the pod ended' : `not Ready after ${podReadySeconds} s`;
      throw ApplicationFailure.nonRetryable(`${when}: ${said}`, 'PodFailed', reason, {
        ...last,
        terminating: true,
      });
    }
  }
}

function refused(reason: string, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'PodRefused', reason);
}
