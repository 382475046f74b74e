import assert from 'node:assert/strict';
import { ClaimBurst } from '../../src/activities/claim-burst.ts';
import { toPodView } from '../../src/kubernetes/to-pod-view.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { fakePod } from '../kubernetes/fake-pod.ts';

function views(count: number, state: 'claimed' | 'unclaimed'): PodView[] {
  return Array.from({ length: count }, (_, index) =>
    toPodView(fakePod({ name: `${state}-${index}`, version: '1', ready: true, state })),
  );
}

describe('the burst of claims of a pool', () => {
  /** A tick with so many new claims, after which so many pods are warm. */
  const tick = (
    burst: ClaimBurst,
    claims: number,
    warm: number,
    nowMs: number,
    startsWave = false,
  ): boolean => {
    for (const view of views(claims, 'claimed')) burst.note(view);
    const pods = [...views(claims, 'claimed'), ...views(warm, 'unclaimed')];
    return burst.holds({ pods: () => pods, nowMs, startsWave });
  };

  it('holds the news of 20 claims in a tick, until a tick brings fewer', () => {
    const burst = new ClaimBurst();
    assert.equal(tick(burst, 20, 280, 0), true);
    assert.equal(tick(burst, 60, 220, 200, true), true);
    assert.equal(tick(burst, 3, 200, 400), false);
  });

  // At 45 claims a second a pool had seven workflow tasks a second, two fifths of what Temporal did.
  it('holds the news of a steady load until the next wave of ticks, however long it lasts', () => {
    let waves = 0;
    for (let nowMs = 0; nowMs < 60_000; nowMs += 400) {
      // What was told begins anew.
      const burst = new ClaimBurst();
      assert.equal(tick(burst, 10, 100, nowMs), true);
      if (!tick(burst, 10, 100, nowMs + 200, true)) waves += 1;
    }
    assert.equal(waves, 150);
  });

  it('holds nothing of a load that may outrun the warm pods within two seconds', () => {
    assert.equal(tick(new ClaimBurst(), 10, 100, 0), true);
    assert.equal(tick(new ClaimBurst(), 10, 99, 0), false);
  });

  it('holds nothing of a few claims, which a wave would make no cheaper', () => {
    assert.equal(tick(new ClaimBurst(), 4, 100, 0), true);
    assert.equal(tick(new ClaimBurst(), 3, 100, 0), false);
  });

  it('counts releases as a load, since they are told as well', () => {
    const burst = new ClaimBurst();
    for (const view of views(4, 'claimed')) burst.note({ ...view, terminating: true });
    assert.equal(burst.holds({ pods: () => [], nowMs: 0, startsWave: false }), true);
  });

  it('holds no news longer than a second', () => {
    const burst = new ClaimBurst();
    const held = [0, 200, 400, 600, 800, 1_000].map((nowMs) => tick(burst, 40, 200, nowMs));
    assert.deepEqual(held, [true, true, true, true, true, false]);
  });

  it('holds nothing when another such tick would find too few warm pods', () => {
    assert.equal(tick(new ClaimBurst(), 40, 40, 0), true);
    assert.equal(tick(new ClaimBurst(), 40, 39, 0), false);
  });

  it('is none of pods that are released', () => {
    const burst = new ClaimBurst();
    for (const view of views(40, 'claimed')) burst.note({ ...view, terminating: true });
    const pods = () => views(300, 'unclaimed');
    assert.equal(burst.holds({ pods, nowMs: 0, startsWave: true }), false);
  });
});
