/** The command line: one file a command. Every failure is a message on stderr and exit code 1. */
import { CommanderError, type Command } from 'commander';
import { separateCommand } from './claim.ts';
import { createProgram } from './program.ts';

const { own, command } = separateCommand(process.argv.slice(2));

const program = createProgram(command);
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
