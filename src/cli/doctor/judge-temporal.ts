/** What the facts of a Temporal namespace mean for its pools, and what to do. */
import type { TemporalFacts } from '../../client/temporal-facts.ts';
import type { Finding } from './finding.ts';

/** Updates with a start, conflict policies and priorities are taken as granted from here on. */
const oldestServer = '1.25.0';

/** A worker's poll lasts a minute at most, so a live one has polled within that; 30 s for its next. */
const longestPollMs = 90_000;

/** The watcher beats every 2 s; its heartbeat timeout is 10 s, after which another takes over. */
const longestBeatMs = 30_000;

/** Four findings: version, search attributes, worker, watcher. */
export function judgeTemporal(
  facts: TemporalFacts,
  about: { taskQueue: string; kubernetesNamespace: string },
): Finding[] {
  return [
    judgeVersion(facts.serverVersion),
    judgeAttributes(facts.missingSearchAttributes),
    judgeWorker(facts, about.taskQueue),
    judgeWatcher(facts, about.kubernetesNamespace),
  ];
}

function judgeVersion(version: string): Finding {
  const name = 'Temporal version';
  if (isAtLeast(version, oldestServer)) return { name, state: 'ok', text: version };
  const text = `Expected ${oldestServer} or newer, got ${version}; upgrade the server`;
  return { name, state: 'fail', text };
}

function judgeAttributes(missing: string[] | null): Finding {
  const name = 'search attributes';
  if (missing === null) {
    const text = 'the server does not tell; look for PoolName, PoolState, PoolTarget and PoolWarm';
    return { name, state: 'warn', text };
  }
  if (missing.length === 0) return { name, state: 'ok', text: 'registered' };
  const text = `${missing.join(', ')} not registered, so pools can't be searched for; run \`pilotlight setup\`, then apply the pools again`;
  return { name, state: 'warn', text };
}

function judgeWorker(facts: TemporalFacts, taskQueue: string): Finding {
  const name = 'worker';
  const { lastWorkflowPollMs: workflows, lastActivityPollMs: activities } = facts;
  const isFresh = (age: number | null): boolean => age !== null && age < longestPollMs;
  if (isFresh(workflows) && isFresh(activities)) {
    return { name, state: 'ok', text: `polls task queue ${taskQueue}` };
  }
  const last = workflows === null ? 'for minutes' : `for ${Math.round(workflows / 1000)} s`;
  const text = `none has polled task queue ${taskQueue} ${last}, so no pool refills; start one, or set PILOTLIGHT_TASK_QUEUE to the queue that yours polls`;
  return { name, state: 'fail', text };
}

function judgeWatcher({ watcher }: TemporalFacts, namespace: string): Finding {
  const name = 'watcher';
  const { isRunning, lastHeartbeatMs, lastFailure } = watcher;
  if (!isRunning) {
    const text = `no workflow watch-${namespace} runs, so pools learn of lost pods by an hourly list only; every worker of namespace ${namespace} starts it within 15 s`;
    return { name, state: 'fail', text };
  }
  if (lastHeartbeatMs !== null && lastHeartbeatMs < longestBeatMs) {
    return { name, state: 'ok', text: `beats, last ${Math.round(lastHeartbeatMs / 1000)} s ago` };
  }
  const why = lastFailure === null ? '' : ` (its last attempt: ${lastFailure})`;
  const text = `workflow watch-${namespace} runs, but nobody watches${why}; see the log of the worker, whose PILOTLIGHT_NAMESPACE must be ${namespace}`;
  return { name, state: 'fail', text };
}

/** Whether a version like `v1.37.2+x` is the other or newer; what is no version is not. */
export function isAtLeast(version: string, oldest: string): boolean {
  const numbers = (text: string): number[] =>
    (/(\d+)\.(\d+)(?:\.(\d+))?/.exec(text)?.slice(1) ?? []).map((part) => Number(part || 0));
  const [given, wanted] = [numbers(version), numbers(oldest)];
  if (given.length === 0) return false;
  const differing = wanted.findIndex((number, index) => number !== given[index]);
  return differing < 0 || (given[differing] ?? 0) > (wanted[differing] ?? 0);
}
