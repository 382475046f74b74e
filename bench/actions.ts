/** Temporal's own count of what it would bill, by kind. */
import { samplesOfMetric } from './prometheus.ts';
import { round } from './statistics.ts';

/** Actions by kind, as the server names them: `command_ScheduleActivityTask`, `grpc_…`. */
export type Actions = Record<string, number>;

/** The kind of a heartbeat, which is the only one that grows while nothing happens. */
export const heartbeatKind = 'grpc_RecordActivityTaskHeartbeat';

/** All actions of the namespace so far, off the server's metrics. */
export function readActions(metrics: string): Actions {
  const actions: Actions = {};
  for (const { labels, value } of samplesOfMetric(metrics, 'action')) {
    if (labels['namespace'] !== 'default') continue;
    const kind = labels['action_type'] ?? 'unknown';
    actions[kind] = (actions[kind] ?? 0) + value;
  }
  return actions;
}

/** What came since an earlier reading; kinds without any are left out. */
export function actionsSince(before: Actions, now: Actions): Actions {
  const since = Object.entries(now).map(([kind, count]) => [kind, count - (before[kind] ?? 0)]);
  return Object.fromEntries(since.filter(([, count]) => Number(count) > 0)) as Actions;
}

/** Adds two counts up, kind by kind. */
export function addActions(one: Actions, other: Actions): Actions {
  const sum = { ...one };
  for (const [kind, count] of Object.entries(other)) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}

/** Each kind's share of so many claims or pods, to two decimals; kinds that vanish are left out. */
export function actionsEach(actions: Actions, count: number): Actions {
  const shares = Object.entries(actions).map(([kind, all]) => [
    kind,
    round(all / Math.max(1, count)),
  ]);
  return Object.fromEntries(shares.filter(([, share]) => Number(share) > 0)) as Actions;
}

/** All kinds together. */
export function sumOfActions(actions: Actions): number {
  return Object.values(actions).reduce((total, count) => total + count, 0);
}
