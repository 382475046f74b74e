import assert from 'node:assert/strict';
import type { V1Pod } from '@kubernetes/client-node';
import {
  decideNodes,
  type AddedNode,
  type AutoscaledPod,
} from '../../dev/autoscaler/decide-nodes.ts';
import { findForgottenPods, remindedAnnotation } from '../../dev/autoscaler/find-forgotten-pods.ts';

const waiting = (unschedulableSinceMs: number): AutoscaledPod => ({
  node: null,
  unschedulableSinceMs,
});
const bound = (node: string): AutoscaledPod => ({ node, unschedulableSinceMs: null });
const unseen: AutoscaledPod = { node: null, unschedulableSinceMs: null };
const node = (name: string, emptySinceMs: number | null, isUsable = true): AddedNode => ({
  name,
  emptySinceMs,
  isUsable,
});

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
    assert.equal(decide({ pods, nodes: [node('a', 99_000)] }).add, 1);
  });

  it('does not count a node in use, or one that is lost or cordoned, as a place', () => {
    const pods = [bound('a'), waiting(90_000)];
    assert.equal(decide({ pods, nodes: [node('a', null), node('lost', 99_000, false)] }).add, 1);
  });

  it('removes a node that has been empty for its time, and none that is in use or just emptied', () => {
    const nodes = [node('long-empty', 40_000), node('just-emptied', 40_001), node('in-use', null)];
    assert.deepEqual(decide({ pods: [bound('in-use')], nodes }), {
      add: 0,
      remove: ['long-empty'],
    });
  });

  it('removes nothing while a pod waits, which may be bound to the empty node', () => {
    const nodes = [node('a', 0), node('lost', 0, false)];
    assert.deepEqual(decide({ pods: [waiting(99_000)], nodes }), { add: 0, remove: ['lost'] });
  });
});

// On a fresh node a pod once stayed Pending for good: its binding was seen before the node's lease.
describe('a pod that kwok has forgotten', () => {
  const nowMs = Date.parse('2026-01-01T00:01:00Z');
  const secondsAgo = (seconds: number): Date => new Date(nowMs - seconds * 1_000);

  function pod(options: {
    boundSecondsAgo?: number;
    endsSecondsAgo?: number;
    remindedSecondsAgo?: number;
    isPlayed?: boolean;
  }): V1Pod {
    const { boundSecondsAgo, endsSecondsAgo, remindedSecondsAgo, isPlayed = false } = options;
    const lastTransitionTime = secondsAgo(boundSecondsAgo ?? 0);
    const isBound = boundSecondsAgo !== undefined;
    return {
      metadata: {
        ...(endsSecondsAgo === undefined ? {} : { deletionTimestamp: secondsAgo(endsSecondsAgo) }),
        ...(remindedSecondsAgo === undefined
          ? {}
          : {
              annotations: { [remindedAnnotation]: secondsAgo(remindedSecondsAgo).toISOString() },
            }),
      },
      spec: { containers: [], ...(isBound ? { nodeName: 'a' } : {}) },
      status: {
        phase: 'Pending',
        conditions: [
          { type: 'PodScheduled', status: isBound ? 'True' : 'False', lastTransitionTime },
        ],
        ...(isPlayed ? { containerStatuses: [] } : {}),
      },
    };
  }
  const count = (...pods: V1Pod[]): number => findForgottenPods(pods, nowMs).length;

  it('is one that was bound 3 s ago and has no word from its kubelet', () => {
    assert.equal(count(pod({ boundSecondsAgo: 3 }), pod({ boundSecondsAgo: 2 })), 1);
  });

  it('is one that ought to have ended 3 s ago', () => {
    const played = { boundSecondsAgo: 50, isPlayed: true };
    assert.equal(count(pod({ ...played, endsSecondsAgo: 3 })), 1);
    assert.equal(count(pod({ ...played, endsSecondsAgo: -30 })), 0);
  });

  it('is none that waits for a node or whose kubelet has said why it is not Ready', () => {
    assert.equal(count(pod({}), pod({ boundSecondsAgo: 60, isPlayed: true })), 0);
  });

  // kwok was killed with -9 between both words on a pod that takes 4 s, and never said the second.
  it('is one whose kubelet was killed before it said Ready, 3 s after it was to be', () => {
    const starting = (seconds: number, more: Partial<V1Pod['metadata']> = {}): V1Pod => ({
      metadata: { annotations: { 'sim.pilotlight.example/ready-delay': '4s' }, ...more },
      spec: { containers: [], nodeName: 'a' },
      status: { phase: 'Pending', startTime: secondsAgo(seconds), containerStatuses: [] },
    });
    assert.equal(count(starting(7), starting(6)), 1);
    const never = { labels: { 'sim.pilotlight.example/fault': 'image-pull' } };
    assert.equal(count(starting(7, never)), 0, 'it was never to be Ready');
    const reminded = (seconds: number): V1Pod => {
      const pod = starting(60);
      pod.metadata!.annotations![remindedAnnotation] = secondsAgo(seconds).toISOString();
      return pod;
    };
    assert.equal(count(reminded(6)), 0, 'a word may begin the delay anew');
    assert.equal(count(reminded(7)), 1);
  });

  it('is one that a node controller called not Ready, 3 s after its kubelet was to object', () => {
    const marked = (seconds: number, isRunning = true): V1Pod => ({
      spec: { containers: [], nodeName: 'a' },
      status: {
        phase: isRunning ? 'Running' : 'Failed',
        conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: secondsAgo(seconds) }],
        containerStatuses: [
          { name: 'c', image: 'i', imageID: '', ready: isRunning, restartCount: 0 },
        ],
      },
    });
    assert.equal(count(marked(5), marked(4), marked(60, false)), 1);
  });

  it('is one of at most 20 a look, those first that kwok was not reminded of yet', () => {
    const reminded = Array.from({ length: 30 }, () =>
      pod({ boundSecondsAgo: 9, remindedSecondsAgo: 5 }),
    );
    const found = findForgottenPods([...reminded, pod({ boundSecondsAgo: 9 })], nowMs);
    assert.equal(found.length, 20);
    assert.equal(found[0]?.metadata?.annotations, undefined);
  });

  it('is reminded of every 3 s and no oftener', () => {
    assert.equal(count(pod({ boundSecondsAgo: 9, remindedSecondsAgo: 2 })), 0);
    assert.equal(count(pod({ boundSecondsAgo: 9, remindedSecondsAgo: 3 })), 1);
  });
});
