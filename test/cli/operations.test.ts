/** What the commands of operations say, without their servers. */
import assert from 'node:assert/strict';
import { toDocument } from '../../src/apply/to-document.ts';
import { readDocuments } from '../../src/apply/read-documents.ts';
import { formatPool } from '../../src/cli/format-pools.ts';
import { formatTop } from '../../src/cli/format-top.ts';
import { readDuration } from '../../src/cli/read-duration.ts';
import { rolloutOf } from '../../src/cli/rollout.ts';
import { statusOf, type PoolStatus } from '../../src/pool/status.ts';
import { exampleSpec, exampleState } from '../pool/examples.ts';

function status(changes: Partial<PoolStatus> = {}): PoolStatus {
  return { ...statusOf({ state: exampleState(), nowMs: 0 }), ...changes };
}

const failures = {
  ...status().failures,
  consecutive: 3,
  lastReason: 'ImagePullBackOff',
  lastMessage: 'no image',
};

describe('readDuration', () => {
  it('takes seconds and units up to a week', () => {
    assert.deepEqual(['0', '90', '90s', '10m', '2h', '7d'].map(readDuration), [
      ...[0, 90, 90, 600, 7_200, 604_800],
    ]);
  });

  for (const wrong of ['', '-1', '1w', '8d', '1.5h', 'soon']) {
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => readDuration(wrong), /from 0 to 7d/);
    });
  }
});

describe('rollout status', () => {
  it('is done once no stale pod is left and the pool is full', () => {
    assert.equal(rolloutOf(status({ stale: 0, warm: 3, target: 3 })).isDone, true);
    assert.equal(rolloutOf(status({ stale: 1, warm: 3, target: 3 })).isDone, false);
  });

  it('has stopped when new pods fail, and says why', () => {
    const { hasStopped, text } = rolloutOf(status({ stale: 3, warm: 3, target: 3, failures }));
    assert.equal(hasStopped, true);
    assert.match(
      text,
      /has stopped, 3 unclaimed pods of older templates are left.*ImagePullBackOff: no image/,
    );
  });
});

describe('top', () => {
  it('shows the age of the oldest pending pod and the last failure', () => {
    const pod = { name: 'p-0', uid: null, node: null, reason: null };
    const pods = [
      { ...pod, phase: 'pending' as const, ageMs: 30_000 },
      { ...pod, phase: 'pending' as const, ageMs: 400_000 },
    ];
    const [, row = ''] = formatTop([status({ pending: 2, pods, failures })]).split('\n');
    assert.match(row, /^p .* 2 \(7m\) .*ImagePullBackOff: no image$/);
  });
});

describe('describe pool', () => {
  it('shows breaker, disturbances, releases, quota and rollout where there is something to show', () => {
    const text = formatPool(
      status({
        failures: { ...failures, breaker: 'open', sinceMs: 2_000 },
        disturbances: { count: 2, lastPod: 'p-1', lastReason: 'Evicted', lastAtMs: 1_000 },
        releases: { count: 1, lastPod: 'p-2', lastReason: 'unhealthy' },
        quota: { message: 'exceeded quota: q', nextAttemptAtMs: 5 },
        previousTemplateHash: 'old',
        stale: 2,
        targetChanges: [
          { atMs: 2_000, from: 4, to: 6, by: 'ann@laptop' },
          { atMs: 1_000, from: 3, to: 4, by: null },
        ],
      }),
    );
    assert.match(text, /^Breaker: +open$/m);
    assert.match(text, /^Failing since: +1970-01-01T00:00:02.000Z$/m);
    assert.match(text, /^Taken away: +2, last p-1 \(Evicted\) at 1970-01-01T00:00:01.000Z$/m);
    assert.match(text, /^Given up: +1, last p-2 \(unhealthy\)$/m);
    assert.match(text, /^Quota: +exceeded quota: q$/m);
    assert.match(text, /^Target set: +4 to 6 at 1970-01-01T00:00:02.000Z by ann@laptop$/m);
    assert.match(text, /^Target set: +3 to 4 at 1970-01-01T00:00:01.000Z by a message without a/m);
    assert.match(text, /^Before: +old$/m);
    assert.match(text, /^Rollout: +2 unclaimed pods/m);
    assert.doesNotMatch(
      formatPool(status()),
      /Breaker|Taken away|Given up|Quota|Rollout|Before|Target set/,
    );
  });
});

describe('a document made from a running pool', () => {
  it('is read back as the same pool', () => {
    const spec = exampleSpec();
    const labels = { team: 'a', 'pilotlight.dev/image': 'i:1' };
    const template = {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'c', image: 'i:1' }] },
    };
    const text = toDocument({ pool: 'p', namespace: 'n', spec, labels, template });
    const [document] = readDocuments(text, 'test');
    assert.ok(document);
    assert.deepEqual({ ...document.settings, templateHash: spec.templateHash }, spec);
    assert.equal(document.namespace, 'n');
    assert.deepEqual(document.labels, { team: 'a' });
    assert.deepEqual(document.template, {
      metadata: { labels: { a: 'b' }, annotations: {} },
      spec: template.spec,
    });
  });
});
