import assert from 'node:assert/strict';
import proto from '@temporalio/proto';
import { actionsEach, addActions } from '../../bench/actions.ts';
import { actionsOfHistory } from '../../bench/history-actions.ts';

const { HistoryEvent } = proto.temporal.api.history.v1;

describe('the actions of a history', () => {
  const at = (seconds: number) => ({ eventTime: { seconds, nanos: 500_000_000 } });
  const events = [
    { ...at(1), workflowExecutionStartedEventAttributes: {} },
    { ...at(2), workflowExecutionSignaledEventAttributes: {} },
    { ...at(2), workflowTaskScheduledEventAttributes: {} },
    { ...at(3), activityTaskScheduledEventAttributes: {} },
    { ...at(4), activityTaskStartedEventAttributes: { attempt: 3 } },
    { ...at(5), timerStartedEventAttributes: {} },
  ].map((event) => HistoryEvent.fromObject(event));

  it('are the events that Temporal bills, and the attempts of which only the last has one', () => {
    assert.deepEqual(actionsOfHistory(events, null), {
      ...{ run: 1, signal: 1, activity: 1, 'activity retry': 2, timer: 1 },
    });
  });

  it('can be those of some stretches of time', () => {
    const stretches = [
      { fromMs: 2_000, toMs: 2_600 },
      { fromMs: 5_500, toMs: 6_000 },
    ];
    assert.deepEqual(actionsOfHistory(events, stretches), { signal: 1, timer: 1 });
  });

  it('are added up and shared out by kind', () => {
    const sum = addActions({ signal: 1, timer: 2 }, { timer: 1, run: 1 });
    assert.deepEqual(sum, { signal: 1, timer: 3, run: 1 });
    assert.deepEqual(actionsEach({ signal: 1, timer: 3, run: 0.001 }, 2), {
      signal: 0.5,
      timer: 1.5,
    });
  });
});
