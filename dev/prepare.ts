import type { ClusterKind } from './clusters/start-cluster.ts';
import { buildControlPlane } from './control-plane/build.ts';
import { findHelm, findPrometheus } from './install/deploy-tools.ts';
import { findTemporalCli } from './install/find-temporal-cli.ts';
import { reportLines } from './report.ts';

/**
 * Installs and builds what a run of tests needs, once, before files that run side by side would all
 * wait for it under the time limits of tests; says on stderr what takes its time.
 *
 * @throws when something can't be found, installed or built
 */
export async function prepare(kind: ClusterKind): Promise<void> {
  const { stderr: stream } = process;
  await reportLines({ what: 'Temporal', stream }, (report) => findTemporalCli({ report }));
  if (kind !== 'control-plane') return;
  await reportLines({ what: 'control plane', stream }, (report) => buildControlPlane({ report }));
  await reportLines({ what: 'Helm', stream }, (report) => findHelm({ report }));
  for (const program of ['prometheus', 'promtool'] as const) {
    await reportLines({ what: program, stream }, (report) => findPrometheus(program, { report }));
  }
}
