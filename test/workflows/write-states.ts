/** Writes the states of a release: those that its histories carry, and the ones made by hand. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { carriedStates } from './carried-state.ts';
import { exampleStates } from './example-states.ts';

/** Writes `states/<release>/*.json`; what is there already is overwritten. */
export async function writeStates(release: string): Promise<void> {
  const histories = join(import.meta.dirname, 'histories', release);
  const folder = join(import.meta.dirname, 'states', release);
  await mkdir(folder, { recursive: true });
  // What one run passes on is what the next is given: the same text is written once.
  const texts = new Map<string, string>();
  const note = (name: string, state: unknown): unknown =>
    texts.set(JSON.stringify(state, null, 1), name);
  for (const [name, state] of Object.entries(exampleStates())) note(name, state);
  for (const file of await readdir(histories)) {
    const carried = carriedStates(JSON.parse(await readFile(join(histories, file), 'utf8')));
    for (const [index, state] of carried.entries()) {
      note(`carried-${file.replace('.json', '')}-${index}`, state);
    }
  }
  for (const [text, name] of texts) await writeFile(join(folder, `${name}.json`), `${text}\n`);
}
