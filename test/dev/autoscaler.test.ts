import assert from 'node:assert/strict';
import {
  decideNodes,
  type AddedNode,
  type AutoscaledPod,
} from '../../dev/autoscaler/decide-nodes.ts';

const waiting = (unschedulableSinceMs: number): AutoscaledPod => ({
  node: null,
  unschedulableSinceMs,
});
const bound = (node: string): AutoscaledPod => ({ node, unschedulableSinceMs: null });
const unseen: AutoscaledPod = { node: null, unschedulableSinceMs: null };

function decide(options: {
  pods?: AutoscaledPod[];
  nodes?: AddedNode[];
}): ReturnType<typeof decideNodes> {
  const { pods = [], nodes = [] } = options;
  return decideNodes({ pods, nodes, delayMs: 5_000, emptyForMs: 60_000, nowMs: 100_000 });
}

describe('the node autoscaler', () => {
  it('adds a node for each pod that has been Unschedulable for the delay, not earlier', () => {
    const pods = [waiting(95_000), waiting(90_000), waiting(95_001)];
    assert.deepEqual(decide({ pods }), { add: 2, remove: [] });
  });

  it('adds nothing for pods that are bound or that the scheduler has not looked at', () => {
    assert.equal(decide({ pods: [unseen, bound('a')] }).add, 0);
  });

  it('adds no second node for a pod whose node is there but not yet bound', () => {
    const pods = [waiting(90_000), waiting(90_000)];
    const nodes = [{ name: 'a', emptySinceMs: 99_000 }];
    assert.equal(decide({ pods, nodes }).add, 1);
  });

  it('does not count a node in use as a place for a waiting pod', () => {
    const pods = [bound('a'), waiting(90_000)];
    assert.equal(decide({ pods, nodes: [{ name: 'a', emptySinceMs: null }] }).add, 1);
  });

  it('removes a node that has been empty for its time, and none that is in use or just emptied', () => {
    const nodes = [
      { name: 'long-empty', emptySinceMs: 40_000 },
      { name: 'just-emptied', emptySinceMs: 40_001 },
      { name: 'in-use', emptySinceMs: null },
    ];
    assert.deepEqual(decide({ pods: [bound('in-use')], nodes }), {
      add: 0,
      remove: ['long-empty'],
    });
  });

  it('removes nothing while a pod waits, which may be bound to the empty node', () => {
    const nodes = [{ name: 'a', emptySinceMs: 0 }];
    assert.deepEqual(decide({ pods: [waiting(99_000)], nodes }), { add: 0, remove: [] });
  });
});
