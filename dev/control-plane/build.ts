/** Builds etcd, the Kubernetes components and kwok once, into a cache keyed by what they are built from. */
import { createHash } from 'node:crypto';
import { access, cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { findTool, go } from '../install/find-tool.ts';
import { runCommand } from '../run-command.ts';

const kubernetesVersion = '1.37.2';
const kwokVersion = 'v0.8.0';

/** Cold on two cores the largest takes 6 minutes; 40 leave room for a slow download. */
const buildTimeoutMs = 2_400_000;

const here = import.meta.dirname;
const inputs = [
  'etcd/go.mod',
  'etcd/go.sum',
  'etcd/main.go',
  'kube/go.mod',
  'kube/go.sum',
  'kube/main.go',
];

/** The folder with `etcd`, `kube` and `kwok`. */
export async function buildControlPlane(): Promise<string> {
  const hash = createHash('sha256').update(`${kubernetesVersion} ${kwokVersion}`);
  for (const input of inputs) hash.update(await readFile(join(here, input)));
  const folder = join(cacheFolder(), 'control-plane', hash.digest('hex').slice(0, 16));
  if (await exists(folder)) return folder;
  const command = await findTool(go);
  const half = `${folder}.${process.pid}`;
  await mkdir(half, { recursive: true });
  // Built from a copy, so that the work tree stays clean whatever Go writes.
  const source = `${half}.src`;
  for (const module of ['etcd', 'kube'])
    await cp(join(here, module), join(source, module), { recursive: true });
  const stamp = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .map(
      (path) =>
        `-X ${path}.gitVersion=v${kubernetesVersion} -X ${path}.gitMajor=1 -X ${path}.gitMinor=37 -X ${path}.gitTreeState=clean -X ${path}.buildDate=2026-01-01T00:00:00Z`,
    )
    .join(' ');
  const env = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false' };
  const steps = [
    {
      name: 'etcd',
      minutes: 1,
      cwd: join(source, 'etcd'),
      args: ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(half, 'etcd'), '.'],
      env,
    },
    {
      name: 'kwok',
      minutes: 2,
      cwd: half,
      args: ['install', `sigs.k8s.io/kwok/cmd/kwok@${kwokVersion}`],
      env: { ...env, GOBIN: half },
    },
    {
      name: 'kube',
      minutes: 6,
      cwd: join(source, 'kube'),
      args: [
        'build',
        '-trimpath',
        '-tags',
        'selinux,notest,grpcnotrace',
        '-ldflags',
        `-s -w ${stamp}`,
        '-o',
        join(half, 'kube'),
        '.',
      ],
      env,
    },
  ];
  for (const { name, minutes, cwd, args, env: environment } of steps) {
    process.stderr.write(`building ${name} (once; about ${minutes} min on two cores)\n`);
    await runCommand({ command, args, cwd, env: environment, timeoutMs: buildTimeoutMs });
  }
  await rm(source, { recursive: true });
  // Renamed when whole: a killed build leaves nothing that looks built, and of two the first stays.
  await rename(half, folder).catch(() => rm(half, { recursive: true }));
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
