/** A real Prometheus that scrapes what a test has started, every second, and evaluates rules as often. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../dev/free-port.ts';
import { findPrometheus } from '../../dev/install/deploy-tools.ts';
import { ManagedProcess } from '../../dev/managed-process.ts';
import { silent } from '../../dev/report.ts';

/** What Prometheus answers to a query. */
interface Answer {
  status: string;
  error?: string;
  /** `value` is the instant in seconds and the number, as text. */
  data: { result: { metric: Record<string, string>; value: [number, string] }[] };
}

/** Where it is asked. */
export interface Prometheus {
  query: (expr: string) => Promise<Answer>;
  /** Any other path of its API, as JSON. */
  ask: (path: string) => Promise<unknown>;
  stop: () => Promise<void>;
}

/** Starts one in a folder, which holds its rule files; `targets` are host and port of each process. */
export async function startPrometheus(options: {
  folder: string;
  ruleFiles: string[];
  targets: string[];
}): Promise<Prometheus> {
  const { folder, ruleFiles, targets } = options;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: [{ job_name: 'pilotlight', static_configs: [{ targets }] }],
  };
  await writeFile(join(folder, 'prometheus.yaml'), JSON.stringify(config));
  const server = new ManagedProcess({
    name: 'prometheus',
    command: await findPrometheus('prometheus', { report: silent }),
    args: [
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    logFile: join(folder, 'prometheus.log'),
    ...{ restart: false, readyTimeoutMs: 60_000 },
    isReady: async () => (await fetch(`${url}/-/ready`)).ok,
  });
  await server.start();
  const ask = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
  return {
    ask,
    query: async (expr) => (await ask(`/api/v1/query?query=${encodeURIComponent(expr)}`)) as Answer,
    stop: () => server.stop(),
  };
}
