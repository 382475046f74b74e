import { Argument, Command } from 'commander';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

const examples = `
Examples:
  source <(pilotlight completion bash)                                      for this shell
  pilotlight completion zsh > "\${fpath[1]}/_pilotlight"                     for good
  pilotlight completion fish > ~/.config/fish/completions/pilotlight.fish`;

/** `pilotlight completion bash|zsh|fish`: a script that completes commands, options and pools. */
export function completionCommand(): Command {
  return new Command('completion')
    .description('print a script that completes commands, options and names of pools')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', examples)
    .action((shell: Shell, _options: object, self: Command) => {
      const program = self.parent;
      if (program === null) throw new Error('Expected to be a command of the program');
      console.log(completionScript(shell, wordsOf(program)));
    });
}

/** What may follow each command, by the words before it: `''` is the program itself. */
export function wordsOf(program: Command): Map<string, string[]> {
  const words = new Map<string, string[]>();
  const visit = (command: Command, path: string[]): void => {
    const names = command.commands.map((inner) => inner.name());
    const options = command.options.flatMap(({ long }) => long ?? []);
    const takesPool = command.registeredArguments.some(({ description }) =>
      /name of the pool|of this pool/.test(description),
    );
    words.set(path.join(' '), [...names, ...options, ...(takesPool ? [poolNames] : [])]);
    for (const inner of command.commands) visit(inner, [...path, inner.name()]);
  };
  visit(program, []);
  return words;
}

/** Stands for the names of pools, which the script asks for. */
const poolNames = '<pool>';

const ask = 'pilotlight get pools -o name 2>/dev/null';

/** The script of a shell. Words of our own commands only, so none needs quoting. */
export function completionScript(shell: Shell, words: Map<string, string[]>): string {
  const cases = [...words].map(([path, follow]) => {
    const plain = follow.filter((word) => word !== poolNames).join(' ');
    return { path, plain, isPool: follow.includes(poolNames) };
  });
  if (shell === 'fish') return fishScript(cases);
  const branches = cases.map(
    ({ path, plain, isPool }) => `    '${path}') words="${plain}${isPool ? ` $(${ask})` : ''}" ;;`,
  );
  const load =
    shell === 'zsh' ? ['#compdef pilotlight', 'autoload -U bashcompinit; bashcompinit'] : [];
  return [
    ...load,
    '_pilotlight() {',
    '  local path="" words="" word index',
    '  for ((index = 1; index < COMP_CWORD; index++)); do',
    '    word="${COMP_WORDS[index]}"',
    '    case "$word" in -*) ;; *) case " $(_pilotlight_paths) " in',
    '      *" ${path:+${path// /_}_}$word "*) path="${path:+$path }$word" ;; esac ;; esac',
    '  done',
    '  case "$path" in',
    ...branches,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '}',
    `_pilotlight_paths() { echo ${cases.map(({ path }) => path.replaceAll(' ', '_')).join(' ')}; }`,
    'complete -F _pilotlight pilotlight',
  ].join('\n');
}

function fishScript(cases: { path: string; plain: string; isPool: boolean }[]): string {
  const lines = cases.map(({ path, plain, isPool }) => {
    const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    const condition = path === '' ? '__fish_use_subcommand' : seen.join('; and ');
    return `complete -c pilotlight -f -n '${condition}' -a '${plain}${isPool ? ` (${ask})` : ''}'`;
  });
  return lines.join('\n');
}
