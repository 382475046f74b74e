import assert from 'node:assert/strict';
import { toPodView } from '../../src/kubernetes/to-pod-view.ts';
import { annotations, labels } from '../../src/pool/labels.ts';

/** Statuses are written as the API server's JSON, whose containers lack what the types demand. */
function viewOf(
  status: object,
  times: { creationTimestamp?: Date; deletionTimestamp?: Date } = {},
): ReturnType<typeof toPodView> {
  return toPodView({ metadata: { name: 'a-0', ...times }, status });
}

function waiting(name: string, reason: string, message?: string): object {
  return { name, ready: false, state: { waiting: { reason, ...(message && { message }) } } };
}

describe('the view of a pod', () => {
  // A pod that somebody had labelled `quarantined` counted as warm, though no claim could have it: the
  // pool stayed one short for good, and could have retired what was to be looked at.
  it('is unclaimed by that word alone: what says anything else is held by somebody', () => {
    const claimedWith = (state?: string): boolean =>
      toPodView({
        metadata: { name: 'a-0', labels: state === undefined ? {} : { [labels.state]: state } },
      }).claimed;
    assert.equal(claimedWith('unclaimed'), false);
    assert.deepEqual(['claimed', 'quarantined', '', undefined].map(claimedWith), [
      ...[true, true, true, true],
    ]);
  });

  it('reads identity, claim, lease, node and readiness', () => {
    const view = toPodView({
      metadata: {
        name: 'a-0',
        uid: 'u',
        resourceVersion: '7',
        creationTimestamp: '2026-01-01T00:00:00Z' as unknown as Date,
        labels: { [labels.template]: 'h', [labels.state]: 'claimed' },
        annotations: { [annotations.leaseExpiresAt]: '2026-01-01T01:00:00Z' },
      },
      spec: { nodeName: 'n', containers: [] },
      status: {
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            lastTransitionTime: '2026-01-01T00:00:09Z' as unknown as Date,
          },
        ],
      },
    });
    const createdAtMs = Date.UTC(2026, 0, 1);
    assert.deepEqual(view, {
      name: 'a-0',
      uid: 'u',
      version: '7',
      templateHash: 'h',
      createdAtMs,
      ready: true,
      readyChangedAtMs: createdAtMs + 9_000,
      claimed: true,
      terminating: false,
      ended: false,
      leaseExpiresAtMs: createdAtMs + 3_600_000,
      node: 'n',
    });
  });

  it('takes instants as dates, as the typed client gives them', () => {
    const creationTimestamp = new Date('2026-01-01T00:00:00Z');
    assert.equal(viewOf({}, { creationTimestamp }).createdAtMs, creationTimestamp.getTime());
  });

  it('knows pods that are being deleted and pods that have ended', () => {
    assert.equal(viewOf({}, { deletionTimestamp: new Date() }).terminating, true);
    assert.equal(viewOf({ phase: 'Failed' }).ended, true);
    assert.equal(viewOf({ phase: 'Succeeded' }).ended, true);
    assert.equal(viewOf({ phase: 'Running' }).ended, false);
  });

  const reasons = [
    {
      fact: 'the end of the pod before anything else',
      status: { phase: 'Failed', reason: 'Evicted', message: 'low on memory' },
      said: ['Evicted', 'low on memory'],
    },
    {
      fact: 'why it is not scheduled',
      status: {
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
        ],
      },
      said: ['Unschedulable', '0/3 nodes'],
    },
    {
      fact: 'what a container waits for',
      status: { containerStatuses: [waiting('c', 'ImagePullBackOff', 'no such image')] },
      said: ['ImagePullBackOff', 'no such image'],
    },
    {
      fact: "a container's trouble before another's ordinary wait",
      status: {
        containerStatuses: [waiting('a', 'ContainerCreating'), waiting('b', 'ErrImagePull', 'no')],
      },
      said: ['ErrImagePull', 'no'],
    },
    {
      fact: 'an init container that runs before the containers that wait for it',
      status: {
        initContainerStatuses: [{ name: 'i', ready: false, state: { running: {} } }],
        containerStatuses: [waiting('c', 'PodInitializing')],
      },
      said: ['ContainerNotReady', 'container i is not ready'],
    },
    {
      fact: 'how a container ended',
      status: {
        containerStatuses: [
          {
            name: 'c',
            ready: false,
            state: { terminated: { reason: 'OOMKilled', exitCode: 137 } },
          },
        ],
      },
      said: ['OOMKilled', 'container c ended with 137'],
    },
    {
      fact: 'a container that runs and is not ready',
      status: { containerStatuses: [{ name: 'c', ready: false, state: { running: {} } }] },
      said: ['ContainerNotReady', 'container c is not ready'],
    },
    {
      fact: 'a readiness gate when every container is ready',
      status: {
        containerStatuses: [{ name: 'c', ready: true, state: { running: {} } }],
        conditions: [
          { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: 'gate g' },
        ],
      },
      said: ['ReadinessGatesNotReady', 'gate g'],
    },
    { fact: 'nothing when nothing is known yet', status: {}, said: [undefined, undefined] },
  ];
  for (const { fact, status, said } of reasons) {
    it(`names ${fact}`, () => {
      const { reason, message } = viewOf(status);
      assert.deepEqual([reason, message], said);
    });
  }

  it('gives a Ready pod no reason', () => {
    const conditions = [{ type: 'Ready', status: 'True' }];
    const { reason } = viewOf({
      conditions,
      containerStatuses: [waiting('c', 'CrashLoopBackOff')],
    });
    assert.equal(reason, undefined);
  });

  it('cuts a long message to 200 characters', () => {
    const { message } = viewOf({
      containerStatuses: [waiting('c', 'ErrImagePull', 'x'.repeat(999))],
    });
    assert.equal(message?.length, 200);
  });
});
