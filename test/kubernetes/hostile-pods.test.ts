/**
 * Annotations and status of a pod may be written by others than us. A release reason once went into the
 * signal to the pool as long as it was: eight pods with 256 KiB each make a signal that Temporal refuses
 * however often the watcher repeats it, and the pool is blind.
 */
import assert from 'node:assert/strict';
import type { V1Pod } from '@kubernetes/client-node';
import fc from 'fast-check';
import { toKnownPod } from '../../src/kubernetes/known-pod.ts';
import { readPoolCard } from '../../src/kubernetes/pool-cards.ts';
import { toPodView } from '../../src/kubernetes/to-pod-view.ts';
import { annotations, labels } from '../../src/pool/labels.ts';
import { readObservation } from '../../src/pool/observation.ts';

/** Bytes of a view as JSON: 2,000 of them, the most of a signal, are below Temporal's 2 MiB. */
const maxViewBytes = 1_000;

/** Of any length that an API server takes, and of any characters. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', 'claimed', 'unclaimed', '-271821-04-20T00:00:00Z', '+275760-09-13', '1e999'),
  fc.nat({ max: 262_144 }).map((length) => 'x'.repeat(length)),
);
const label = fc.stringMatching(/^[A-Za-z0-9][-A-Za-z0-9_.]{0,61}[A-Za-z0-9]$/);
const condition = fc.record({
  type: fc.constantFrom('Ready', 'PodScheduled', 'DisruptionTarget', 'Other'),
  status: fc.constantFrom('True', 'False', 'Unknown'),
  reason: text,
  message: text,
});
const container = fc.record({
  ...{ name: fc.constant('main'), image: text, imageID: text },
  ...{ ready: fc.boolean(), restartCount: fc.nat() },
  state: fc.oneof(
    fc.record({ waiting: fc.record({ reason: text, message: text }) }),
    fc.record({ terminated: fc.record({ exitCode: fc.integer(), reason: text, message: text }) }),
  ),
});
const pods: fc.Arbitrary<V1Pod> = fc.record({
  metadata: fc.record({
    name: fc.stringMatching(/^[a-z0-9][-a-z0-9.]{0,251}$/),
    uid: fc.uuid(),
    resourceVersion: fc.nat().map(String),
    labels: fc.dictionary(fc.constantFrom(...Object.values(labels)), label),
    annotations: fc.dictionary(fc.constantFrom(...Object.values(annotations)), text),
  }),
  status: fc.record(
    {
      ...{ phase: fc.constantFrom('Pending', 'Running', 'Failed'), reason: text, message: text },
      conditions: fc.array(condition, { maxLength: 4 }),
      containerStatuses: fc.array(container, { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
});

describe('pods that others have written to', () => {
  it('have views that a pool takes, and that stay small (P8, P9)', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const sent = JSON.stringify(toPodView(pod));
        const view: unknown = JSON.parse(sent);
        const read = readObservation({ cluster: 'c', version: '1', pods: [view], gone: [] });
        assert.ok(!('refusal' in read), sent.slice(0, 500));
        assert.deepEqual(read.pods, [view]);
        // As Temporal counts, in which no character that JSON escapes takes more than six bytes.
        assert.ok(sent.length <= 6 * maxViewBytes, `${sent.length} characters`);
      }),
      { numRuns: 300 },
    );
  });

  it('have views of about a kilobyte at most, in plain characters (P9)', () => {
    const long = 'x'.repeat(262_144);
    const view = toPodView({
      metadata: { name: 'p-1', uid: 'u', annotations: { [annotations.releaseReason]: long } },
      status: { reason: long, message: long },
    });
    assert.ok(JSON.stringify(view).length <= maxViewBytes, JSON.stringify(view).slice(0, 300));
  });

  it('are read for claims without a throw, whatever they say', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const { leaseSeconds } = toKnownPod(pod).facts;
        assert.ok(leaseSeconds === null || leaseSeconds > 0);
      }),
    );
  });
});

describe('a pool card that others have written', () => {
  it('is a card or none, and never a throw', () => {
    const fields = fc.record(
      {
        pool: fc.oneof(fc.constant('small'), fc.jsonValue()),
        ...{ phase: fc.jsonValue(), why: fc.jsonValue(), target: fc.jsonValue() },
        ...{ labels: fc.jsonValue(), claim: fc.jsonValue(), acceptsClaims: fc.jsonValue() },
      },
      { requiredKeys: [] },
    );
    const written = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fields.map((card) => JSON.stringify(card)),
    );
    fc.assert(
      fc.property(written, (card) => {
        const read = readPoolCard(card);
        if (read === null) return;
        assert.equal(typeof read.acceptsClaims, 'boolean');
        assert.ok(read.target >= 0 && read.claim.leaseSeconds >= 0);
      }),
    );
  });
});
