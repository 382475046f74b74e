import assert from 'node:assert/strict';
import { formatStatuses, PodAges } from '../../dev/show-pools.ts';
import type { PoolStatus } from '../../src/pool/status.ts';

type PodStatus = PoolStatus['pods'][number];

function pool(options: Partial<PoolStatus>): PoolStatus {
  const shown = { pool: 'large', phase: 'Filling', why: '1 of 6 pods are warm.', target: 6 };
  const counts = { warm: 1, pending: 0, claimed: 0, pods: [] };
  return { ...shown, ...counts, ...options } as PoolStatus;
}

function pod(name: string, ageMs: number, more: Partial<PodStatus> = {}): PodStatus {
  return { name, uid: name, phase: 'pending', node: null, ageMs, reason: null, ...more };
}

describe('the live table of pools', () => {
  const show = (statuses: PoolStatus[], columns = 200): string[] =>
    formatStatuses(statuses, { columns, ages: new PodAges(), nowMs: 1_000_000 }).split('\n');

  it('shows target, warm and pending, with the age of the oldest pending pod and why it waits', () => {
    const pods = [
      pod('warm', 900_000, { phase: 'warm' }),
      pod('younger', 5_000, { reason: 'ContainerCreating' }),
      pod('oldest', 80_000, { reason: 'Unschedulable: no node' }),
    ];
    const [head = '', row = ''] = show([pool({ pods, pending: 2, claimed: 3 })]);
    assert.deepEqual(head.split(/\s+/), [
      ...['POOL', 'PHASE', 'TARGET', 'WARM', 'PENDING', 'OLDEST', 'CLAIMED', 'WHY'],
    ]);
    assert.match(row, /^large +Filling +6 +1 +2 +1m20s +3 +Unschedulable: no node$/);
  });

  it('says why a degraded pool is so, and not what its one probe waits for', () => {
    const why = 'Pods do not start: ImagePullBackOff';
    const pods = [pod('probe', 1_000, { reason: 'ContainerCreating' })];
    const [, row = ''] = show([pool({ phase: 'Degraded', why, pods })]);
    assert.match(row, / 1s +0 +Pods do not start: ImagePullBackOff$/);
  });

  it('has no age where nothing is pending', () => {
    assert.match(show([pool({ phase: 'Steady', warm: 6 })])[1] ?? '', /6 +6 +0 +- +0 +1 of 6/);
  });

  it('cuts every line to the width of the terminal', () => {
    const lines = show([pool({ why: 'x'.repeat(300) })], 80);
    assert.deepEqual(
      lines.map(({ length }) => length <= 80),
      [true, true],
    );
    assert.match(lines[1] ?? '', /x…$/);
  });

  it('says how to make a pool when there is none', () => {
    assert.match(show([])[0] ?? '', /`npx pilotlight apply -f FILE` makes one/);
  });

  // A workflow that waits for its pods answers with the clock of its last task: "0s" for minutes.
  it('lets ages grow while the workflow sleeps', () => {
    const ages = new PodAges();
    const statuses = [pool({ pods: [pod('slow', 3_000)] })];
    const ageAt = (nowMs: number): string | undefined =>
      / (\d+s) /.exec(formatStatuses(statuses, { columns: 200, ages, nowMs }))?.[1];
    assert.deepEqual([ageAt(100_000), ageAt(120_000), ageAt(140_000)], ['3s', '23s', '43s']);
  });
});
