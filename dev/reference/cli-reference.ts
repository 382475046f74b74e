/** The reference of the command line, written from its parser. */
import type { Command } from 'commander';

/** The page as Markdown: one section a command, with its arguments and options. */
export function cliReference(program: Command): string {
  const sections = program.commands.flatMap((command) => sectionsOf(command, program.name()));
  return [
    '# Command line',
    '',
    '`npm run docs:reference` writes this page from the parser. `pilotlight COMMAND --help` has examples.',
    '',
    ...sections,
  ].join('\n');
}

/** A command that has commands of its own is shown by these. */
function sectionsOf(command: Command, before: string): string[] {
  const name = `${before} ${command.name()}`;
  if (command.commands.length > 0) {
    return command.commands.flatMap((inner) => sectionsOf(inner, name));
  }
  const rows = [
    ...command.registeredArguments.map((argument) => {
      const { description, argChoices } = argument;
      const shown = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
      return row(shown, description, argChoices ?? []);
    }),
    ...command.options.map(({ flags, description, argChoices }) =>
      row(flags, description, argChoices ?? []),
    ),
  ];
  const usage = `${name} ${command.usage()}`.trimEnd();
  const table = rows.length === 0 ? [] : ['| argument | meaning |', '| --- | --- |', ...rows, ''];
  return [`## ${name}`, '', `\`${usage}\`: ${command.description()}.`, '', ...table];
}

function row(shown: string, description: string, choices: readonly string[]): string {
  const among = choices.length === 0 ? '' : ` (${choices.join(', ')})`;
  const code = shown.replaceAll('|', '\\|');
  return `| \`${code}\` | ${description.replaceAll('|', '\\|')}${among} |`;
}
