import { join, resolve } from 'node:path';

/** Where an environment is kept unless `--state-dir` says otherwise: in the checkout, out of git. */
export const defaultStateDir = join(import.meta.dirname, '../.pilotlight');

/** What to type for a command on that state folder, as an error suggests it. */
export function commandHint(command: string, stateDir: string): string {
  const isDefault = resolve(stateDir) === resolve(defaultStateDir);
  return `\`./temporal-dev.sh ${command}${isDefault ? '' : ` --state-dir ${stateDir}`}\``;
}
