/** The command line: one file a command. Every failure is a message on stderr and exit code 1. */
import { Command, CommanderError } from 'commander';
import { applyCommand } from './apply.ts';
import { claimCommand, separateCommand } from './claim.ts';
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

const { own, command } = separateCommand(process.argv.slice(2));

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
throwInsteadOfExit(program);

// A reader like `head` may close its end early: nothing is left to say then.
process.stdout.on('error', () => process.exit());

try {
  await program.parseAsync(own, { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) {
    // The parser has printed its message or the help already.
    process.exitCode = error.exitCode === 0 ? 0 : 1;
  } else {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** The parser's own exit would cut off output that a pipe has not taken yet. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) throwInsteadOfExit(inner);
}
