import assert from 'node:assert/strict';
import { reportFill } from '../../bench/fill.ts';
import { formatFill } from '../../bench/format-fill.ts';

const run = (readyMs: number, worker: number) => ({
  readyMs,
  cpuSeconds: { worker },
  actions: { timer: 100, heartbeat: 500 },
  historyActions: { timer: 90 },
  memoryMb: { worker: 100 + worker },
  trouble: {
    failedWorkflowTasks: 1,
    timedOutWorkflowTasks: 0,
    lostHeartbeats: 0,
    longestHistory: readyMs,
  },
});

describe('the report of a fill', () => {
  const report = reportFill({
    cluster: 'simulated',
    pools: 1,
    pods: 300,
    pool: [run(4_000.4, 1), run(9_000, 9), run(3_000, 2)],
    floor: [run(2_000, 0), run(1_000, 0), run(3_000, 0)],
    emptyMs: [900, 1_100.4, 1_000],
  });

  it('takes medians of the runs and compares those', () => {
    assert.equal(report.readyMs, 4_000);
    assert.equal(report.floorMs, 2_000);
    assert.equal(report.ratio, 2);
    assert.equal(report.podsPerSecond, 75);
    assert.equal(report.emptyActivitiesMs, 1_000);
  });

  it('shows every run and how far they lie apart', () => {
    assert.deepEqual(report.runs, [
      { readyMs: 4_000, floorMs: 2_000 },
      { readyMs: 9_000, floorMs: 1_000 },
      { readyMs: 3_000, floorMs: 3_000 },
    ]);
    assert.deepEqual(report.spread.readyMs, { min: 3_000, max: 9_000 });
  });

  it('tells the CPU time of the run nearest to the median', () => {
    assert.deepEqual(report.cpuSeconds.pool, { worker: 1 });
  });

  it('adds up the trouble of all runs, and tells the longest history', () => {
    assert.equal(report.trouble.failedWorkflowTasks, 3);
    assert.equal(report.trouble.longestHistory, 9_000);
  });

  it('tells what a pod costs Temporal, and the memory at the end of the last run', () => {
    assert.equal(report.actionsPerPod, 2);
    assert.deepEqual(report.actionKinds, { timer: 0.33, heartbeat: 1.67 });
    assert.equal(report.historyActionsPerPod, 0.3);
    assert.deepEqual(report.memoryMb, { worker: 102 });
  });

  it('is readable as a table', () => {
    const text = formatFill(report);
    assert.match(
      text,
      /^300 pods in one pool on the cluster simulated: 75 a second, 2 × the floor$/m,
    );
    assert.match(text, /^median +4000 +2000 +2$/m);
    assert.match(text, /^worker +1\.00 +0\.00$/m);
  });
});
