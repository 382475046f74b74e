/** The real command line as a child process. */
import { execa } from 'execa';
import type { Environment } from './environment.ts';

const launcher = new URL('../../bin/pilotlight.js', import.meta.url).pathname;

/** A command gives its servers up after 8 s each; the rest is for a busy machine to start Node. */
const deadlineMs = 40_000;

/** Runs `pilotlight ARGS…` against an environment's servers; `env` may name others. */
export async function runCli(options: {
  environment: Environment;
  args: string[];
  input?: string;
  env?: Record<string, string>;
}): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
  const { environment, args, input = '', env = {} } = options;
  const { exitCode, stdout, stderr } = await execa(process.execPath, [launcher, ...args], {
    reject: false,
    input,
    timeout: deadlineMs,
    env: {
      TEMPORAL_ADDRESS: environment.temporal.address,
      KUBECONFIG: environment.cluster.kubeconfigPath,
      ...env,
    },
  });
  return { exitCode, stdout, stderr };
}
