/** What a control plane is built from. */

/** One program to build. */
export interface Program {
  name: 'etcd' | 'kwok' | 'kube';
  /** Cold, on two cores. */
  minutes: number;
  /** The folder beside this file with its Go module; null for one built as it is published. */
  module: 'etcd' | 'kube' | null;
  /** Arguments of `go` but for where the program goes. */
  args: string[];
}

const kubernetesVersion = '1.37.2';
const kwokVersion = 'v0.8.0';

/** What `kubectl version` and version checks read; without them a build says v0.0.0-master. */
const stampedPackages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
const [major, minor] = kubernetesVersion.split('.');
const stamps = {
  gitVersion: `v${kubernetesVersion}`,
  gitMajor: major,
  gitMinor: minor,
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
};
const kubeLinkerFlags = [
  '-s -w',
  ...stampedPackages.flatMap((path) =>
    Object.entries(stamps).map(([name, value]) => `-X ${path}.${name}=${value}`),
  ),
].join(' ');

/** In order of their time, so that a mistake shows early. */
export const programs: Program[] = [
  {
    name: 'etcd',
    minutes: 1,
    module: 'etcd',
    args: ['build', '-trimpath', '-ldflags', '-s -w', '.'],
  },
  {
    name: 'kwok',
    minutes: 2,
    module: null,
    args: ['install', `sigs.k8s.io/kwok/cmd/kwok@${kwokVersion}`],
  },
  {
    name: 'kube',
    minutes: 6,
    module: 'kube',
    args: [
      ...['build', '-trimpath', '-tags', 'selinux,notest,grpcnotrace'],
      ...['-ldflags', kubeLinkerFlags, '.'],
    ],
  },
];

/** Of every build: static programs, from exactly the modules that go.sum lists. */
export const buildEnvironment = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false' };
