/** Tools that check what is deployed: Helm renders the chart, Prometheus evaluates rules and queries. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildEnvironment } from '../control-plane/programs.ts';
import { runCommand } from '../run-command.ts';
import { findGo, goEnvironment } from './find-go.ts';
import { installOnce, type Installing } from './install-once.ts';

/** Cold on two busy cores each takes 2 to 4 minutes. */
const buildTimeoutMs = 1_200_000;

const helmVersion = 'v3.22.0';
/** 3.16.0: its module replaces and excludes nothing, which `go install` would refuse. */
const prometheusVersion = 'v0.316.0';

/** What a chart's kubeVersion is compared with; a build without it is of Kubernetes 1.20. */
const helmVersions = 'helm.sh/helm/v3/pkg/chartutil';
const helmLinkerFlags = `-s -w -X ${helmVersions}.k8sVersionMajor=1 -X ${helmVersions}.k8sVersionMinor=37`;

/** Helm. Raises when there is no Go that is new enough, or with the compiler's last lines. */
export function findHelm(options: Installing): Promise<string> {
  return buildGoProgram({
    ...options,
    ...{ program: 'helm', version: helmVersion, package: 'helm.sh/helm/v3/cmd/helm' },
    minGo: '1.26.0',
    flags: ['-ldflags', helmLinkerFlags],
  });
}

/** Prometheus, or its tool that checks rules; raises as `findHelm` does. */
export function findPrometheus(
  program: 'prometheus' | 'promtool',
  options: Installing,
): Promise<string> {
  return buildGoProgram({
    ...options,
    ...{ program, version: prometheusVersion },
    package: `github.com/prometheus/prometheus/cmd/${program}`,
    minGo: '1.26.7',
    // Without service discovery of clouds, which is most of it, and without the web page.
    flags: ['-tags', 'remove_all_sd', '-ldflags', '-s -w'],
  });
}

function buildGoProgram(
  options: Installing & {
    program: string;
    version: string;
    package: string;
    minGo: string;
    flags: string[];
  },
): Promise<string> {
  const { program, version, minGo, flags, report, signal } = options;
  return installOnce({ name: `${program}-${version}`, program, report, signal }, async (folder) => {
    const go = await findGo({ minVersion: minGo, report, signal });
    const bin = join(folder, 'bin');
    await mkdir(bin, { recursive: true });
    report(`building ${program} (about 3 min on two cores, once)`);
    await runCommand({
      command: go,
      args: ['install', '-trimpath', ...flags, `${options.package}@${version}`],
      env: { ...buildEnvironment, ...goEnvironment, GOBIN: bin },
      timeoutMs: buildTimeoutMs,
      ...(signal ? { signal } : {}),
    });
  });
}
