/** All commands of the command line, for the process and for the reference in the docs. */
import { Command } from 'commander';
import { applyCommand } from './apply.ts';
import { claimCommand } from './claim.ts';
import { claimsCommand } from './claims.ts';
import { completionCommand } from './completion.ts';
import { deleteCommand } from './delete.ts';
import { describeCommand } from './describe.ts';
import { doctorCommand } from './doctor.ts';
import { drainCommand } from './drain.ts';
import { editCommand } from './edit.ts';
import { eventsCommand } from './events.ts';
import { gcCommand } from './gc.ts';
import { getCommand } from './get.ts';
import { pauseCommand } from './pause.ts';
import { releaseCommand } from './release.ts';
import { renewCommand } from './renew.ts';
import { replayCommand } from './replay.ts';
import { resumeCommand } from './resume.ts';
import { retryCommand } from './retry.ts';
import { rolloutCommand } from './rollout.ts';
import { scaleCommand } from './scale.ts';
import { setupCommand } from './setup.ts';
import { topCommand } from './top.ts';

const environment = `
Environment:
  TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, …  the Temporal server (temporal.toml works too)
  KUBECONFIG                               the Kubernetes cluster
  PILOTLIGHT_API_URL, PILOTLIGHT_TOKEN     the HTTP API, for claims; several replicas with commas
  PILOTLIGHT_NAMESPACE                     Kubernetes namespace of documents that name none
  PILOTLIGHT_TASK_QUEUE                    task queue of new pools (pilotlight)`;

/** The program; `command` is what a claim runs while it is held: what stood behind `--exec`. */
export function createProgram(command: Parameters<typeof claimCommand>[0]): Command {
  const commands = [
    ...[applyCommand(), getCommand(), describeCommand(), scaleCommand(), deleteCommand()],
    ...[pauseCommand(), resumeCommand(), drainCommand(), retryCommand(), rolloutCommand()],
    ...[editCommand(), topCommand(), eventsCommand(), gcCommand(), setupCommand(), doctorCommand()],
    replayCommand(),
    ...[
      claimCommand(command),
      claimsCommand(),
      renewCommand(),
      releaseCommand(),
      completionCommand(),
    ],
  ];
  const program = new Command('pilotlight')
    .description('Keeps pools of Kubernetes pods warm')
    .addHelpText('after', environment);
  for (const one of commands) program.addCommand(one);
  return program;
}
