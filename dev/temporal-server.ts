/** A real Temporal dev server on a database file. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { findTemporalCli } from './install/find-temporal-cli.ts';
import { ManagedProcess } from './managed-process.ts';
import { silent, type Report } from './report.ts';
import { rememberedPorts } from './remembered-ports.ts';
import { searchAttributeTypes } from '../src/workflows/messages.ts';

export interface TemporalServer {
  address: string;
  namespace: string;
  uiUrl: string | null;
  /** The server's own metrics, in Prometheus' text format. */
  metricsUrl: string;
  process: ManagedProcess;
}

/** Starts the server; its ports and data stay with the state folder. */
export async function startTemporalServer(options: {
  stateDir: string;
  headless: boolean;
  /** Told of an installation that takes its time. */
  report?: Report;
  signal?: AbortSignal;
  /** Like `limit.historyCount.suggestContinueAsNew=60`. */
  dynamicConfig?: string[];
}): Promise<TemporalServer> {
  const { stateDir, headless, dynamicConfig = [], report = silent, signal } = options;
  await mkdir(stateDir, { recursive: true });
  const ports = await rememberedPorts(stateDir, 'temporal', ['frontend', 'ui', 'metrics', 'http']);
  const address = `127.0.0.1:${ports.frontend}`;
  const attributes = Object.entries(searchAttributeTypes).flatMap(([name, type]) => [
    '--search-attribute',
    `${name}=${type === 'INT' ? 'Int' : 'Keyword'}`,
  ]);
  const process = new ManagedProcess({
    name: 'temporal',
    command: await findTemporalCli({ report, signal }),
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(ports.frontend)],
      ...['--http-port', String(ports.http), '--metrics-port', String(ports.metrics)],
      ...(headless ? ['--headless'] : ['--ui-port', String(ports.ui)]),
      ...['--db-filename', join(stateDir, 'temporal.db'), '--log-level', 'warn'],
      ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
      ...attributes,
      ...dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]),
    ],
    logFile: join(stateDir, 'log', 'temporal.log'),
    restart: true,
    readyTimeoutMs: 60_000,
    isReady: () => answers(address),
  });
  try {
    await process.start(signal);
  } catch (error) {
    await process.stop();
    throw error;
  }
  const uiUrl = headless ? null : `http://127.0.0.1:${ports.ui}`;
  const metricsUrl = `http://127.0.0.1:${ports.metrics}/metrics`;
  return { address, namespace: 'default', uiUrl, metricsUrl, process };
}

/** Whether the namespace can be described: the frontend answers earlier than it can be used. */
async function answers(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return true;
  } finally {
    await connection.close();
  }
}
