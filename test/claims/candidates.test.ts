import assert from 'node:assert/strict';
import type { V1Pod } from '@kubernetes/client-node';
import { Candidates } from '../../src/claims/candidates.ts';
import { toKnownPod, type KnownPod } from '../../src/kubernetes/known-pod.ts';
import { labels, podStates } from '../../src/pool/labels.ts';

/** A warm pod on a node. */
function warmPod(options: {
  name: string;
  node: string;
  templateHash: string;
  conditions?: { type: string; status: string }[];
}): KnownPod {
  const { name, node, templateHash, conditions = [] } = options;
  const pod: V1Pod = {
    metadata: {
      ...{ name, uid: `uid-${name}`, resourceVersion: '1' },
      labels: {
        [labels.pool]: 'p',
        [labels.state]: podStates.unclaimed,
        [labels.template]: templateHash,
      },
    },
    spec: { nodeName: node, containers: [] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }, ...conditions] },
  };
  return toKnownPod(pod);
}

function namesTaken(pods: KnownPod[], cordoned: string[]): string[] {
  const cache = { ofPool: () => pods, get: () => undefined };
  const candidates = new Candidates(cache, (node) => cordoned.includes(node ?? ''));
  const taken: string[] = [];
  for (let pod = take(); pod !== null; pod = take()) taken.push(pod.view.name);
  return taken;

  function take(): KnownPod | null {
    return candidates.take({ pool: 'p', key: 'k', templateHash: 'new' });
  }
}

describe('the pods a claim is offered', () => {
  it('are current ones before stale ones, and those on cordoned nodes last', () => {
    const pods = [
      warmPod({ name: 'going', node: 'cordoned', templateHash: 'new' }),
      warmPod({ name: 'stale', node: 'n', templateHash: 'old' }),
      warmPod({ name: 'current', node: 'n', templateHash: 'new' }),
      warmPod({ name: 'stale-going', node: 'cordoned', templateHash: 'old' }),
    ];
    const expected = ['current', 'stale', 'going', 'stale-going'];
    assert.deepEqual(namesTaken(pods, ['cordoned']), expected);
  });

  it('do not include one that is about to be taken away', () => {
    const conditions = [{ type: 'DisruptionTarget', status: 'True' }];
    const pod = warmPod({ name: 'evicted', node: 'n', templateHash: 'new', conditions });
    assert.deepEqual(namesTaken([pod], []), []);
  });
});
