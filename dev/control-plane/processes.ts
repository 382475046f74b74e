/** How each process of a control plane is started. */
import { join } from 'node:path';
import { request, type Dispatcher } from 'undici';
import { ManagedProcess } from '../managed-process.ts';
import type { ControlPlaneFiles } from './credentials.ts';

/** What the processes share. */
export interface ControlPlaneLayout {
  stateDir: string;
  /** The folder with the programs `etcd`, `kube` and `kwok`. */
  binaries: string;
  ports: Record<'api' | 'etcd' | 'peer' | 'kwok', number>;
  files: ControlPlaneFiles;
}

/** How soon a node that no longer beats is given up. */
export interface NodeLoss {
  /**
   * Seconds without a renewed lease after which a node's Ready turns Unknown. 50, the product's own
   * default, unless given; a test of a dead node wants 12.
   */
  gracePeriodSeconds: number;
  /**
   * How long a node's lease holds; kwok renews at a quarter of it, so the grace period should be
   * longer. 40 unless given (20 nodes: 2 writes/s); a test of a dead node wants 8 (10 writes/s).
   */
  leaseDurationSeconds: number;
}

/** The controllers that matter to bare pods and nodes; each one more costs memory and start-up time. */
const controllers = [
  'namespace',
  'serviceaccount',
  'garbage-collector',
  'pod-garbage-collector',
  'node-lifecycle',
  'taint-eviction',
  'disruption',
  'resourcequota',
];

/** Three seconds on two idle cores; a busy machine has taken 20. */
const apiServerReadyTimeoutMs = 60_000;

/** The store. Without fsync: losing power loses the cluster of a developer, not more. */
export function etcdProcess({ stateDir, binaries, ports }: ControlPlaneLayout): ManagedProcess {
  const clients = `http://127.0.0.1:${ports.etcd}`;
  const peers = `http://127.0.0.1:${ports.peer}`;
  return new ManagedProcess({
    name: 'etcd',
    command: join(binaries, 'etcd'),
    args: [
      `--data-dir=${join(stateDir, 'etcd')}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
      `--listen-client-urls=${clients}`,
      `--advertise-client-urls=${clients}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
    ],
    logFile: logFile(stateDir, 'etcd'),
    restart: true,
  });
}

/** The API server; the dispatcher, which must take its self-signed certificate, asks whether it is ready. */
export function apiServerProcess(
  { stateDir, binaries, ports, files }: ControlPlaneLayout,
  { dispatcher, moreArguments }: { dispatcher: Dispatcher; moreArguments: string[] },
): ManagedProcess {
  return new ManagedProcess({
    name: 'apiserver',
    command: join(binaries, 'kube'),
    args: [
      'kube-apiserver',
      `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
      `--cert-dir=${join(stateDir, 'certs')}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.api}`,
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.0.0.0/24',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${files.publicKey}`,
      `--service-account-signing-key-file=${files.key}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${files.tokens}`,
      '--disable-admission-plugins=ServiceAccount',
      '--allow-privileged=true',
      '--event-ttl=10m',
      '--max-requests-inflight=800',
      '--max-mutating-requests-inflight=400',
      ...moreArguments,
    ],
    logFile: logFile(stateDir, 'apiserver'),
    restart: true,
    readyTimeoutMs: apiServerReadyTimeoutMs,
    isReady: async () => {
      const answer = await request(`https://127.0.0.1:${ports.api}/readyz`, {
        dispatcher,
        headers: { authorization: `Bearer ${files.token}` },
        headersTimeout: 2_000,
      });
      await answer.body.dump();
      // Its body says "ok" of parts even when it is not ready; the status code tells.
      return answer.statusCode === 200;
    },
  });
}

/** The controllers that act on pods and nodes. */
export function controllerManagerProcess(
  layout: ControlPlaneLayout,
  { gracePeriodSeconds }: NodeLoss,
): ManagedProcess {
  return clientProcess(layout, 'kube-controller-manager', [
    `--service-account-private-key-file=${layout.files.key}`,
    `--root-ca-file=${layout.files.certificate}`,
    '--node-monitor-period=1s',
    `--node-monitor-grace-period=${gracePeriodSeconds}s`,
    `--controllers=${controllers.map((name) => `${name}-controller`).join(',')}`,
  ]);
}

export function schedulerProcess(layout: ControlPlaneLayout): ManagedProcess {
  return clientProcess(layout, 'kube-scheduler', []);
}

/** The kubelets of all nodes, played by the stages beside this file. */
export function kwokProcess(
  { stateDir, binaries, ports, files }: ControlPlaneLayout,
  { leaseDurationSeconds }: NodeLoss,
): ManagedProcess {
  return new ManagedProcess({
    name: 'kwok',
    command: join(binaries, 'kwok'),
    args: [
      `--kubeconfig=${files.kubeconfig}`,
      `--config=${join(import.meta.dirname, 'stages.yaml')}`,
      '--manage-all-nodes=true',
      `--node-lease-duration-seconds=${leaseDurationSeconds}`,
      '--cidr=10.244.0.0/16',
      '--node-ip=10.0.0.1',
      `--server-address=127.0.0.1:${ports.kwok}`,
    ],
    logFile: logFile(stateDir, 'kwok'),
    restart: true,
  });
}

/** The cloud: nodes that come late for exclusive pods. */
export function autoscalerProcess(
  { stateDir, files }: ControlPlaneLayout,
  nodeDelaySeconds: number,
): ManagedProcess {
  return new ManagedProcess({
    name: 'autoscaler',
    command: process.execPath,
    args: [join(import.meta.dirname, '../autoscaler/main.ts'), String(nodeDelaySeconds)],
    env: { KUBECONFIG: files.kubeconfig },
    logFile: logFile(stateDir, 'autoscaler'),
    restart: true,
  });
}

/** A component that is a client of the API server, at rates that do not slow a test down (20/s by default). */
function clientProcess(
  { stateDir, binaries, files }: ControlPlaneLayout,
  name: string,
  args: string[],
): ManagedProcess {
  return new ManagedProcess({
    name,
    command: join(binaries, 'kube'),
    args: [
      name,
      `--kubeconfig=${files.kubeconfig}`,
      `--authentication-kubeconfig=${files.kubeconfig}`,
      `--authorization-kubeconfig=${files.kubeconfig}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
      ...args,
    ],
    logFile: logFile(stateDir, name),
    restart: true,
  });
}

function logFile(stateDir: string, name: string): string {
  return join(stateDir, 'log', `${name}.log`);
}
