import assert from 'node:assert/strict';
import { isEarlyNews, type HistorySeen } from '../../src/workflows/early-news.ts';

const task: HistorySeen = { events: 40, bytes: '6844', startedAt: '10.5', hasNews: true };

/**
 * The story: a query that was meant for a dead worker reached another one together with a signal that no
 * task had started with. The pool planned at the time of its last task; what it planned was recorded with the
 * next one, and could not be replayed.
 */
describe('news that no task has brought', () => {
  it('are more events while size and time are still those of the last task', () => {
    assert.ok(isEarlyNews(task, { ...task, events: 42 }));
  });

  it('are none that came with a task, whatever its clock says', () => {
    assert.ok(!isEarlyNews(null, task), 'the first of a run');
    assert.ok(!isEarlyNews(task, { ...task, events: 45, bytes: '7950' }));
    // The server starts it in its answer to a second attempt, before anything is written: the same size.
    assert.ok(!isEarlyNews(task, { ...task, events: 44, startedAt: '10.6' }));
  });

  it('are no second part of a task, no query and no eviction', () => {
    assert.ok(!isEarlyNews(task, task), 'an activity that was cancelled in the task');
    assert.ok(!isEarlyNews(task, { ...task, events: 42, hasNews: false }));
  });

  it('are not looked for where the server tells no sizes', () => {
    const unknown = { ...task, bytes: '0' };
    assert.ok(!isEarlyNews(unknown, { ...unknown, events: 42 }));
  });
});
