import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readObservation } from '../../src/pool/observation.ts';
import { examplePod } from './examples.ts';

const cluster = 'c1';

describe('readObservation', () => {
  it('refuses or reads any JSON without throwing (P8)', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const read = readObservation(value);
        assert.equal(typeof read, 'object');
      }),
    );
  });

  const given = { cluster, version: '1', pods: [], gone: [] };
  const gonePod = { name: 'p-0', uid: 'u0', version: '1' };
  for (const [what, wrong, field] of [
    ['no object', 7, 'an observation'],
    ['null', null, 'an observation'],
    ['a list', [], 'an observation'],
    ['no cluster', { ...given, cluster: '' }, '`cluster`'],
    ['a version with a leading zero', { ...given, version: '01' }, '`version`'],
    ['no list of pods', { ...given, pods: {} }, '`pods`'],
    ['a pod that is none', { ...given, pods: [null] }, '`pods`'],
    [
      'a pod called __proto__',
      { ...given, pods: [{ ...examplePod(), name: '__proto__' }] },
      '`pods`',
    ],
    [
      'a pod without a template',
      { ...given, pods: [{ ...examplePod(), templateHash: 1 }] },
      '`pods`',
    ],
    [
      'a pod without a date',
      { ...given, pods: [{ ...examplePod(), createdAtMs: null }] },
      '`pods`',
    ],
    [
      'a pod that is ready in a word',
      { ...given, pods: [{ ...examplePod(), ready: 'yes' }] },
      '`pods`',
    ],
    ['an end that is none', { ...given, gone: [7] }, '`gone`'],
    ['an end without a uid', { ...given, gone: [{ ...gonePod, uid: 9 }] }, '`gone`'],
    ['too many pods', { ...given, pods: Array(2_001).fill(examplePod()) }, '`pods`'],
  ] as const) {
    it(`refuses ${what}, and names it (P8)`, () => {
      const read = readObservation(wrong);
      assert.ok('refusal' in read && read.refusal.includes(field), JSON.stringify(read));
    });
  }

  it('takes what belongs to it and nothing else, texts cut to their longest', () => {
    const texts = { node: 'n1', reason: 'r'.repeat(300), message: 'm'.repeat(300) };
    const optional = {
      readyChangedAtMs: 1,
      leaseExpiresAtMs: 2,
      disrupted: true,
      releaseReason: 'x',
    };
    const pod = { ...examplePod(), ...texts, ...optional };
    const gone = [
      { ...gonePod, claimed: true, releaseReason: 'r'.repeat(300), more: 1 },
      { ...gonePod, claimed: 'yes', releaseReason: 7 },
    ];
    assert.deepEqual(readObservation({ ...given, pods: [{ ...pod, more: 1 }], gone, more: 1 }), {
      ...{ ...given, complete: false },
      pods: [{ ...pod, reason: 'r'.repeat(253), message: 'm'.repeat(200) }],
      gone: [{ ...gonePod, claimed: true, releaseReason: 'r'.repeat(253) }, gonePod],
    });
  });

  it('leaves out optional fields that can not be read', () => {
    const wrong = { node: 7, reason: null, message: {}, readyChangedAtMs: 'x', disrupted: 1 };
    const read = readObservation({ ...given, pods: [{ ...examplePod(), ...wrong }] });
    assert.deepEqual('refusal' in read ? read : read.pods, [examplePod()]);
  });

  it('takes the pods although the nodes can not be read', () => {
    const cordonedOf = (cordoned: unknown): unknown => {
      const read = readObservation({ ...given, cordoned });
      return 'refusal' in read ? read : read.cordoned;
    };
    const nodes = { version: '5', nodes: ['n1'] };
    assert.deepEqual(cordonedOf({ ...nodes, more: 1 }), nodes);
    for (const wrong of [
      7,
      { nodes: [] },
      { version: '5', nodes: 'n1' },
      { ...nodes, nodes: [''] },
    ]) {
      assert.equal(cordonedOf(wrong), undefined);
    }
  });
});
