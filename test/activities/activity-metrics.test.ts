import assert from 'node:assert/strict';
import { timeStart, uncounted } from '../../src/activities/activity-metrics.ts';
import type { PodView } from '../../src/pool/pod-view.ts';

const created: PodView = {
  ...{ name: 'p-0', uid: 'u', version: '1', templateHash: 'h', createdAtMs: 1_000 },
  ...{ ready: false, claimed: false, terminating: false, ended: false },
};

/** What is counted of a start that is seen in these views, each a second after the one before. */
function counted(first: PodView, views: Partial<PodView>[]): string[] {
  const seen: string[] = [];
  let nowMs = 1_000;
  const see = timeStart({
    ...{ pool: 'p', first },
    metrics: {
      ...uncounted,
      observeStart: (pool, phase, ms) => seen.push(`${pool} ${phase} ${ms}`),
    },
    nowMs: () => nowMs,
  });
  for (const view of views) {
    see({ ...created, ...view });
    nowMs += 1_000;
  }
  return seen;
}

describe('the times of a start', () => {
  it('are counted once each, from the creation of the pod', () => {
    const node = 'n';
    const views = [
      ...[{}, { node }, { node, reason: 'ContainerNotReady' }, { node, ready: true }, { node }],
    ];
    assert.deepEqual(counted(created, views), [
      'p scheduled 1000',
      'p pulled 2000',
      'p ready 3000',
    ]);
  });

  it('are counted together when they are seen together', () => {
    const seen = counted(created, [{ node: 'n', ready: true }]);
    assert.deepEqual(
      seen.map((text) => text.split(' ')[1]),
      ['scheduled', 'pulled', 'ready'],
    );
  });

  it('leave out what had happened before anybody looked, as of an adopted pod', () => {
    assert.deepEqual(
      counted({ ...created, node: 'n' }, [{ node: 'n', ready: true }]).map(
        (text) => text.split(' ')[1],
      ),
      ['pulled', 'ready'],
    );
  });
});
