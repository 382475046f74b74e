import assert from 'node:assert/strict';
import type { ApiObject } from '../../../dev/simulated/api-object.ts';
import { newNode } from '../../../dev/simulated/node-autoscaler.ts';
import { isEvicted, markNode } from '../../../dev/simulated/node-loss.ts';
import type { Pod } from '../../../dev/simulated/pod.ts';

const graceMs = 12_000;
const node = newNode({ name: 'n', labels: {}, allocatable: {}, nowMs: 0 });
const metadata = { name: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '' };

function leaseTakenAt(atMs: number): ApiObject {
  const spec = { holderIdentity: 'nobody', renewTime: new Date(atMs).toISOString() };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
}

function podWith(tolerations: NonNullable<Pod['spec']['tolerations']>): Pod {
  const spec = { containers: [], tolerations };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec, status: { phase: 'Running' } };
}

const tolerated = (tolerationSeconds: number): Pod =>
  podWith([{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', tolerationSeconds }]);

describe('a node of the simulated cluster', () => {
  const lost = markNode({ node, lease: leaseTakenAt(0), graceMs, nowMs: graceMs });

  it('is left as it is while its kubelet plays it', () => {
    assert.equal(markNode({ node, lease: undefined, graceMs, nowMs: 1e9 }), null);
  });

  it('is Unknown and tainted once its kubelet was silent for the grace period, not before', () => {
    const lease = leaseTakenAt(0);
    assert.equal(markNode({ node, lease, graceMs, nowMs: graceMs - 1 }), null);
    assert.equal(lost?.status?.conditions?.[0]?.status, 'Unknown');
    assert.deepEqual(
      lost.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`),
      ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'],
    );
    assert.equal(markNode({ node: lost, lease, graceMs, nowMs: graceMs + 1 }), null);
  });

  it('is Ready and untainted again once its kubelet is back', () => {
    assert.ok(lost);
    const back = markNode({ node: lost, lease: undefined, graceMs, nowMs: graceMs + 1 });
    assert.equal(back?.status?.conditions?.[0]?.status, 'True');
    assert.deepEqual(back.spec?.taints, []);
  });

  it('loses pods when their toleration is over: at once without one, never without a limit', () => {
    assert.ok(lost);
    assert.equal(isEvicted(tolerated(3), lost, graceMs + 2_999), false);
    assert.equal(isEvicted(tolerated(3), lost, graceMs + 3_000), true);
    assert.equal(isEvicted(podWith([]), lost, graceMs), true);
    assert.equal(isEvicted(podWith([{ operator: 'Exists' }]), lost, 1e9), false);
    assert.equal(isEvicted(podWith([]), node, 1e9), false);
  });
});
