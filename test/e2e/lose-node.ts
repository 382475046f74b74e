/** Kills the kubelet of a node, on either kind of cluster. */
import {
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  V1MicroTime,
} from '@kubernetes/client-node';

const namespace = 'kube-node-lease';

/**
 * Takes a node's lease away from its kubelet, which from then on neither beats nor plays the pods of
 * the node: kwok leaves a node alone whose lease is another's, and so does the simulated cluster.
 */
export async function killKubelet(kubeconfigPath: string, node: string): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const leases = config.makeApiClient(CoordinationV1Api);
  const spec = {
    holderIdentity: 'nobody',
    leaseDurationSeconds: 3_600,
    renewTime: new V1MicroTime(),
  };
  const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  try {
    await leases.patchNamespacedLease({ name: node, namespace, body: { spec } }, mergePatch);
  } catch (error) {
    passOverMissing(error);
    await leases.createNamespacedLease({ namespace, body: { metadata: { name: node }, spec } });
  }
}

/**
 * Removes a node's object, as a cloud does once the machine is gone, and the lease that it owned: the
 * simulated autoscaler may use the name again after a restart, and that node would be as dead.
 */
export async function removeNode(kubeconfigPath: string, node: string): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const leases = config.makeApiClient(CoordinationV1Api);
  await config.makeApiClient(CoreV1Api).deleteNode({ name: node }).catch(passOverMissing);
  // The real garbage collector may have been first.
  await leases.deleteNamespacedLease({ name: node, namespace }).catch(passOverMissing);
}

/** Raises what a call raised, unless it says that there is no such object. */
function passOverMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 404)) throw error;
}
