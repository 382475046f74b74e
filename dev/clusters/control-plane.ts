/** A real control plane without containers: etcd, API server, controllers, scheduler, kwok as kubelets. */
import { Agent } from 'undici';
import { connectToCluster } from '../../src/kubernetes/connection.ts';
import { buildControlPlane } from '../control-plane/build.ts';
import { rememberedFiles } from '../control-plane/credentials.ts';
import {
  apiServerProcess,
  autoscalerProcess,
  controllerManagerProcess,
  etcdProcess,
  kwokProcess,
  schedulerProcess,
  type NodeLoss,
} from '../control-plane/processes.ts';
import { createSharedNodes, untilSharedNodesAreReady } from '../control-plane/shared-nodes.ts';
import type { ManagedProcess } from '../managed-process.ts';
import { silent } from '../report.ts';
import { rememberedPorts } from '../remembered-ports.ts';
import type { Cluster, ClusterOptions } from './cluster.ts';

const defaultNodeLoss: NodeLoss = { gracePeriodSeconds: 50, leaseDurationSeconds: 40 };

/**
 * Starts one; resolves when the API answers and every shared node is Ready. A second start with the
 * same folder goes on with the same objects at the same address.
 *
 * @throws when a part is not ready in time (60 s each); the message names its log
 */
export async function startControlPlane(options: ClusterOptions): Promise<Cluster> {
  const { stateDir, nodeDelaySeconds, report = silent, signal } = options;
  const nodeLoss = { ...defaultNodeLoss, ...options.nodeLoss };
  const binaries = await buildControlPlane({ report, signal });
  const ports = await rememberedPorts(stateDir, 'cluster', ['api', 'etcd', 'peer', 'kwok']);
  const files = await rememberedFiles(stateDir, ports.api);
  const layout = { stateDir, binaries, ports, files };
  // Only asks whether the API server is ready; everything else checks the certificate it makes itself.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const etcd = etcdProcess(layout);
  const apiServer = apiServerProcess(layout, {
    dispatcher,
    moreArguments: options.apiServerArguments ?? [],
  });
  const clients = [
    controllerManagerProcess(layout, nodeLoss),
    schedulerProcess(layout),
    kwokProcess(layout, nodeLoss),
    autoscalerProcess(layout, nodeDelaySeconds),
  ];
  const processes = [etcd, apiServer, ...clients];
  const stop = async (): Promise<void> => {
    // Etcd last: what ends before it still writes.
    for (const process of processes.toReversed()) await process.stop();
    await dispatcher.destroy();
  };
  try {
    await etcd.start(signal);
    await apiServer.start(signal);
    await startClients(clients, files.kubeconfig);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kind: 'control-plane',
    kubeconfigPath: files.kubeconfig,
    namespace: 'default',
    processes,
    apiServer,
    stop,
  };
}

async function startClients(clients: ManagedProcess[], kubeconfigPath: string): Promise<void> {
  const connection = await connectToCluster({ kubeconfigPath });
  try {
    await createSharedNodes(connection);
    for (const process of clients) await process.start();
    await untilSharedNodesAreReady(connection);
  } finally {
    await connection.close();
  }
}
