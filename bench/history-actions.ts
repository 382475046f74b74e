/**
 * What of a history Temporal bills: the second way to count actions, beside the server's metric. Heartbeats
 * and queries leave no event, so they are in the metric only.
 */
import type { Actions } from './actions.ts';
import type { HistoryEvent } from './workflow-runs.ts';

/** Events that are billed, by the attributes that only they have. A run's continuation is its start. */
const billed = {
  workflowExecutionStartedEventAttributes: 'run',
  workflowExecutionSignaledEventAttributes: 'signal',
  workflowExecutionUpdateAcceptedEventAttributes: 'update',
  activityTaskScheduledEventAttributes: 'activity',
  timerStartedEventAttributes: 'timer',
  upsertWorkflowSearchAttributesEventAttributes: 'search attributes',
  markerRecordedEventAttributes: 'marker',
} as const satisfies Partial<Record<keyof HistoryEvent, string>>;

/** A stretch of time, in milliseconds since 1970. */
export interface Stretch {
  fromMs: number;
  toMs: number;
}

/** Billed events by kind, of those within the stretches; null: of all. */
export function actionsOfHistory(events: HistoryEvent[], stretches: Stretch[] | null): Actions {
  const actions: Actions = {};
  const add = (kind: string, count: number): void => {
    if (count > 0) actions[kind] = (actions[kind] ?? 0) + count;
  };
  for (const event of events) {
    const atMs = millisecondsOf(event);
    const isMeant = stretches?.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs) ?? true;
    if (!isMeant) continue;
    for (const [key, kind] of Object.entries(billed)) {
      const attributes = event[key as keyof typeof billed];
      if (attributes !== undefined && attributes !== null) add(kind, 1);
    }
    // Only an activity's last attempt has an event; those before it were billed too.
    add('activity retry', (event.activityTaskStartedEventAttributes?.attempt ?? 1) - 1);
  }
  return actions;
}

function millisecondsOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1_000_000;
}
