import assert from 'node:assert/strict';
import { isEarlyNews, type HistorySeen } from '../../src/workflows/early-news.ts';

const task: HistorySeen = { events: 40, bytes: '6844', hasNews: true };

/**
 * The story: a query that was meant for a dead worker reached another one together with a signal that no
 * task had started with. The pool planned at the time of its last task; what it planned was recorded with the
 * next one, and could not be replayed.
 */
describe('news that no task has brought', () => {
  it('are more events while the size is still that of the last task', () => {
    assert.ok(isEarlyNews(task, { ...task, events: 42 }));
  });

  it('are none that came with a task, whatever its clock says', () => {
    assert.ok(!isEarlyNews(null, task), 'the first of a run');
    assert.ok(!isEarlyNews(task, { events: 45, bytes: '7950', hasNews: true }));
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
