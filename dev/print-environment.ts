/** An environment on paper: for a person, and for a shell. */
import { delimiter, dirname } from 'node:path';
import { environmentVariables } from './environment.ts';
import { formatTable } from './format-table.ts';
import { findTemporalCli } from './install/find-temporal-cli.ts';
import { silent } from './report.ts';
import type { EnvironmentStatus } from './state-folder.ts';

/** Where its servers answer and which processes run, for a person. */
export function formatStatus(status: EnvironmentStatus): string {
  const { temporal, kubernetes, api, processes } = status;
  const rows = processes.map(({ name, pid, restarts }) => [name, pid ?? 'restarting', restarts]);
  return [
    `Temporal    ${temporal.address}, namespace ${temporal.namespace}, UI ${temporal.ui ?? 'off'}`,
    `Kubernetes  ${kubernetes.kind}, namespace ${kubernetes.namespace}, ${kubernetes.kubeconfig}`,
    `API         ${api.url ?? 'off'}`,
    '',
    formatTable(['PROCESS', 'PID', 'RESTARTS'], rows),
  ].join('\n');
}

/** Exports for a shell, the folder of the Temporal CLI among them when it is not on PATH. */
export async function formatExports(status: EnvironmentStatus): Promise<string> {
  const lines = Object.entries(environmentVariables(status)).map(
    ([name, value]) => `export ${name}=${quoted(value)}`,
  );
  const folder = dirname(await findTemporalCli({ report: silent }));
  const path = (process.env['PATH'] ?? '').split(delimiter);
  if (!path.includes(folder)) lines.push(`export PATH="$PATH":${quoted(folder)}`);
  return lines.join('\n');
}

/** A value as one word of a POSIX shell. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
