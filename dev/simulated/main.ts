/**
 * The simulated cluster: a process that serves the Kubernetes API on loopback and plays scheduler,
 * kubelets and node autoscaler. Settings come from the environment: SIMULATED_PORT,
 * SIMULATED_CREDENTIALS (a JSON file of token, key and certificate), SIMULATED_JOURNAL (the file its
 * objects are kept in), SIMULATED_NODE_DELAY_SECONDS, SIMULATED_NODE_GRACE_SECONDS.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SimulatedCredentials } from '../clusters/simulated-credentials.ts';
import { toKubernetesTime } from './api-object.ts';
import { createApiServer } from './api-server.ts';
import { Controllers } from './controllers.ts';
import { newNode, NodeAutoscaler } from './node-autoscaler.ts';
import { nodeLeaseNamespace } from './node-loss.ts';
import { keyOf, ObjectStore } from './object-store.ts';
import { namespaces, nodes } from './resources.ts';

/** Nodes that are there from the start, for pods that share. */
const sharedNodes = 20;

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`Expected ${name} to be set`);
  return value;
}

/** Lays down what a new cluster has. Namespaces come back if they are missing, nodes only come once. */
function layFoundations(store: ObjectStore): void {
  const nowMs = Date.now();
  const isNew = store.get(namespaces, keyOf({ name: 'kube-system' })) === undefined;
  for (const name of ['default', 'kube-system', nodeLeaseNamespace]) {
    if (store.get(namespaces, keyOf({ name }))) continue;
    const metadata = {
      name,
      uid: randomUUID(),
      resourceVersion: '',
      creationTimestamp: toKubernetesTime(nowMs),
      labels: { 'kubernetes.io/metadata.name': name },
    };
    const status = { phase: 'Active' };
    store.put(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata, spec: {}, status });
  }
  for (let index = 0; isNew && index < sharedNodes; index += 1) {
    const labels = { 'pilotlight.example/nodes': 'shared' };
    const allocatable = { cpu: '64', memory: '512Gi', pods: '500' };
    store.put(nodes, newNode({ name: `shared-${index}`, labels, allocatable, nowMs }));
  }
}

const store = new ObjectStore(setting('SIMULATED_JOURNAL'));
layFoundations(store);
const nodeDelayMs = Number(setting('SIMULATED_NODE_DELAY_SECONDS')) * 1_000;
const nodeGraceMs = Number(setting('SIMULATED_NODE_GRACE_SECONDS')) * 1_000;
const autoscaler = new NodeAutoscaler(nodeDelayMs);
const controllers = new Controllers({ store, autoscaler, nodeGraceMs });
controllers.start();
const credentials = readFileSync(setting('SIMULATED_CREDENTIALS'), 'utf8');
const server = createApiServer(store, JSON.parse(credentials) as SimulatedCredentials);
server.listen(Number(setting('SIMULATED_PORT')), '127.0.0.1');

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    controllers.stop();
    server.closeAllConnections();
    server.close(() => {
      store.close();
      process.exit(0);
    });
  });
}
