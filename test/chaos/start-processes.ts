/** The workers and API replicas of a chaos run, each behind proxies of its own. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../dev/free-port.ts';
import { ManagedProcess } from '../../dev/managed-process.ts';
import { startFaultProxy, type FaultProxy } from '../e2e/fault-proxy.ts';
import { ourProcesses, type OurProcess, type Schedule } from './schedule.ts';
import { startTemporalLink, type TemporalLink } from './temporal-link.ts';

/** One process of ours and what stands between it and its servers. */
export interface OurRunning {
  process: ManagedProcess;
  cluster: FaultProxy;
  temporal: TemporalLink;
  /** Where it answers, like `http://127.0.0.1:41234`. */
  url: string;
}

/** A start bundles the workflows; a busy machine has taken 40 s. */
const readyTimeoutMs = 90_000;

/** Starts all of them; they are started again when they die, as a Deployment would. */
export async function startProcesses(options: {
  kubeconfigPath: string;
  temporalAddress: string;
  clockOffsetsMs: Schedule['clockOffsetsMs'];
  /** Set for all of them beside what they need. */
  env?: Record<string, string>;
  folder: string;
}): Promise<{ running: Record<OurProcess, OurRunning>; stop(): Promise<void> }> {
  const started: [OurProcess, OurRunning][] = [];
  const stop = async (): Promise<void> => {
    for (const [, { process, cluster, temporal }] of started) {
      await process.stop();
      await cluster.stop();
      await temporal.stop();
    }
  };
  try {
    for (const name of ourProcesses) started.push([name, await describeProcess(name, options)]);
    await Promise.all(started.map(([, { process }]) => process.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { running: Object.fromEntries(started) as Record<OurProcess, OurRunning>, stop };
}

async function describeProcess(
  name: OurProcess,
  options: Parameters<typeof startProcesses>[0],
): Promise<OurRunning> {
  const { kubeconfigPath, temporalAddress, clockOffsetsMs, env = {}, folder } = options;
  const [cluster, temporal, port] = [
    await startFaultProxy(kubeconfigPath),
    await startTemporalLink(temporalAddress),
    await freePort(),
  ];
  const url = `http://127.0.0.1:${port}`;
  const program = name.startsWith('worker') ? 'workers' : 'api';
  const process = new ManagedProcess({
    name,
    command: globalThis.process.execPath,
    args: [
      ...['--import', join(import.meta.dirname, 'shift-clock.ts')],
      join(import.meta.dirname, `../../src/${program}/main.ts`),
    ],
    env: {
      ...env,
      TEMPORAL_ADDRESS: temporal.address,
      KUBECONFIG: cluster.kubeconfigPath,
      [program === 'api' ? 'PILOTLIGHT_API_PORT' : 'PILOTLIGHT_HEALTH_PORT']: String(port),
      CHAOS_CLOCK_OFFSET_MS: String(clockOffsetsMs[name]),
      PILOTLIGHT_LOG_LEVEL: 'warn',
    },
    logFile: join(folder, 'log', `${name}.log`),
    restart: true,
    readyTimeoutMs,
    isReady: () => isReady(url),
  });
  return { process, cluster, temporal, url };
}

/** Whether a process says that it is ready. */
export async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
}

/** What a process takes of the machine. */
export interface ProcessSize {
  residentMegabytes: number;
  handles: number;
}

/** Reads a process's size off /proc; null when it does not run. */
export async function sizeOf({ pid }: ManagedProcess): Promise<ProcessSize | null> {
  if (pid === null) return null;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  const handles = (await readdir(`/proc/${pid}/fd`)).length;
  return { residentMegabytes: Math.round(kilobytes / 1_024), handles };
}
