/** What the command line does while it holds a claim: wait for Ctrl-C, or run a command. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { HeldClaim } from '../client/held-claim.ts';

/** After its claim is lost a command gets this long to end by SIGTERM. */
const endDeadlineMs = 10_000;

/** What shells answer for a command that can't be started. */
const notStartedCode = 127;

/** Waits until the signal, or until the claim is lost, which raises. */
export async function holdUntil(claim: HeldClaim, signal: AbortSignal): Promise<void> {
  // A timer of its own keeps the process alive: those of the renewals do not.
  const alive = setInterval(() => undefined, 60_000);
  const told = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  try {
    const lost = await Promise.race([told, claim.lost]);
    if (lost !== undefined) throw lost;
  } finally {
    clearInterval(alive);
  }
}

/**
 * Runs a command with the claim in its environment; resolves to its exit code (128 and more for a
 * signal, as shells count). Signals are passed on. A claim that is lost ends the command, and raises.
 */
export async function runCommand(claim: HeldClaim, command: string[]): Promise<number> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    stdio: 'inherit',
    env: { ...process.env, ...claimVariables(claim) },
  });
  const passOn = (signal: NodeJS.Signals): void => {
    // In a terminal, Ctrl-C has reached the command already: it is of the same group.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, passOn);
  let killTimer: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.kill('SIGTERM');
    killTimer = setTimeout(() => child.kill('SIGKILL'), endDeadlineMs);
  };
  claim.signal.addEventListener('abort', end);
  try {
    const code = await new Promise<number>((resolve) => {
      child.once('error', (error) => {
        console.error(`error: ${file} can't be run: ${error.message}`);
        resolve(notStartedCode);
      });
      child.once('exit', (exitCode, signal) =>
        resolve(exitCode ?? 128 + constants.signals[signal ?? 'SIGKILL']),
      );
    });
    claim.signal.throwIfAborted();
    return code;
  } finally {
    clearTimeout(killTimer);
    claim.signal.removeEventListener('abort', end);
    for (const signal of signals) process.off(signal, passOn);
  }
}

function claimVariables({ claimId, pod, lease }: HeldClaim): Record<string, string> {
  return {
    PILOTLIGHT_CLAIM_ID: claimId,
    PILOTLIGHT_POD_NAME: pod.name,
    PILOTLIGHT_POD_NAMESPACE: pod.namespace,
    PILOTLIGHT_POD_IP: pod.ip ?? '',
    PILOTLIGHT_LEASE_EXPIRES_AT: lease?.expiresAt ?? '',
  };
}
