/** A real control plane without containers: etcd, API server, controllers, scheduler, kwok as kubelets. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { connectToCluster } from '../../src/kubernetes/connection.ts';
import { buildControlPlane } from '../control-plane/build.ts';
import { createSharedNodes } from '../control-plane/shared-nodes.ts';
import type { Cluster } from './cluster.ts';
import { ManagedProcess } from '../managed-process.ts';
import { rememberedPorts } from '../remembered-ports.ts';

/** Starts one; a second start with the same folder goes on with the same objects at the same address. */
export async function startControlPlane(options: {
  stateDir: string;
  /** From a pod being Unschedulable to its node. */
  nodeDelaySeconds: number;
}): Promise<Cluster> {
  const { stateDir, nodeDelaySeconds } = options;
  const binaries = await buildControlPlane();
  const ports = await rememberedPorts(stateDir, 'cluster', ['api', 'etcd', 'peer', 'kwok']);
  const files = await prepareFiles(stateDir, ports.api);
  const logFile = (name: string): string => join(stateDir, 'log', `${name}.log`);
  const kube = join(binaries, 'kube');
  const etcdUrl = `http://127.0.0.1:${ports.etcd}`;
  const peerUrl = `http://127.0.0.1:${ports.peer}`;
  const etcd = new ManagedProcess({
    name: 'etcd',
    command: join(binaries, 'etcd'),
    args: [
      `--data-dir=${join(stateDir, 'etcd')}`,
      ...['--unsafe-no-fsync', '--log-level=warn'],
      ...[`--listen-client-urls=${etcdUrl}`, `--advertise-client-urls=${etcdUrl}`],
      ...[`--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`],
      `--initial-cluster=default=${peerUrl}`,
    ],
    logFile: logFile('etcd'),
    restart: true,
  });
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const apiServer = new ManagedProcess({
    name: 'apiserver',
    command: kube,
    args: [
      'kube-apiserver',
      ...[`--etcd-servers=${etcdUrl}`, `--cert-dir=${join(stateDir, 'certs')}`],
      ...['--bind-address=127.0.0.1', `--secure-port=${ports.api}`],
      ...['--endpoint-reconciler-type=none', '--service-cluster-ip-range=10.0.0.0/24'],
      '--service-account-issuer=https://kubernetes.default.svc',
      ...[
        `--service-account-key-file=${files.publicKey}`,
        `--service-account-signing-key-file=${files.key}`,
      ],
      ...['--authorization-mode=RBAC', `--token-auth-file=${files.tokens}`],
      ...[
        '--disable-admission-plugins=ServiceAccount',
        '--allow-privileged=true',
        '--event-ttl=10m',
      ],
      ...['--max-requests-inflight=800', '--max-mutating-requests-inflight=400'],
    ],
    logFile: logFile('apiserver'),
    restart: true,
    readyTimeoutMs: 60_000,
    isReady: async () => {
      const url = `https://127.0.0.1:${ports.api}/readyz`;
      const headers = { authorization: `Bearer ${files.token}` };
      const answer = await request(url, { dispatcher, headers, headersTimeout: 2_000 });
      await answer.body.dump();
      return answer.statusCode === 200;
    },
  });
  const component = (name: string, extra: string[]): ManagedProcess =>
    new ManagedProcess({
      name,
      command: kube,
      args: [
        name,
        ...['', 'authentication-', 'authorization-'].map(
          (kind) => `--${kind}kubeconfig=${files.kubeconfig}`,
        ),
        ...[
          '--leader-elect=false',
          '--secure-port=0',
          '--kube-api-qps=500',
          '--kube-api-burst=1000',
        ],
        ...extra,
      ],
      logFile: logFile(name),
      restart: true,
    });
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
  const processes = [
    etcd,
    apiServer,
    component('kube-controller-manager', [
      ...[`--service-account-private-key-file=${files.key}`, `--root-ca-file=${files.certificate}`],
      ...['--node-monitor-period=1s', '--node-monitor-grace-period=50s'],
      `--controllers=${controllers.map((name) => `${name}-controller`).join(',')}`,
    ]),
    component('kube-scheduler', []),
    new ManagedProcess({
      name: 'kwok',
      command: join(binaries, 'kwok'),
      args: [
        ...[
          `--kubeconfig=${files.kubeconfig}`,
          `--config=${join(import.meta.dirname, '../control-plane/stages.yaml')}`,
        ],
        ...['--manage-all-nodes=true', '--node-lease-duration-seconds=40', '--cidr=10.244.0.0/16'],
        ...['--node-ip=10.0.0.1', `--server-address=127.0.0.1:${ports.kwok}`],
      ],
      logFile: logFile('kwok'),
      restart: true,
    }),
    new ManagedProcess({
      name: 'autoscaler',
      command: process.execPath,
      args: [join(import.meta.dirname, '../autoscaler/main.ts'), String(nodeDelaySeconds)],
      env: { KUBECONFIG: files.kubeconfig },
      logFile: logFile('autoscaler'),
      restart: true,
    }),
  ];
  const stop = async (): Promise<void> => {
    for (const process of processes.toReversed()) await process.stop();
    await dispatcher.destroy();
  };
  try {
    await etcd.start();
    await apiServer.start();
    const connection = await connectToCluster({ kubeconfigPath: files.kubeconfig });
    await createSharedNodes(connection);
    await connection.close();
    for (const process of processes.slice(2)) await process.start();
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

async function prepareFiles(
  stateDir: string,
  port: number,
): Promise<
  Record<'key' | 'publicKey' | 'tokens' | 'token' | 'kubeconfig' | 'certificate', string>
> {
  await mkdir(stateDir, { recursive: true });
  const at = (name: string): string => join(stateDir, name);
  const files = {
    key: at('sa.key'),
    publicKey: at('sa.pub'),
    tokens: at('tokens.csv'),
    kubeconfig: at('kubeconfig'),
    certificate: at('certs/apiserver.crt'),
  };
  const isPrepared = await access(files.kubeconfig).then(
    () => true,
    () => false,
  );
  if (!isPrepared) {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(files.key, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
    });
    await writeFile(files.publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
    const token = randomBytes(16).toString('hex');
    await writeFile(files.tokens, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'dev',
          cluster: {
            server: `https://127.0.0.1:${port}`,
            'certificate-authority': files.certificate,
          },
        },
      ],
      users: [{ name: 'admin', user: { token } }],
      contexts: [{ name: 'dev', context: { cluster: 'dev', user: 'admin' } }],
      'current-context': 'dev',
    };
    await writeFile(files.kubeconfig, JSON.stringify(config, null, 2), { mode: 0o600 });
  }
  const [token = ''] = (await readFile(files.tokens, 'utf8')).split(',');
  return { ...files, token };
}
