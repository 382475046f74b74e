/** Free ports that a state folder keeps, so that a second start answers at the same addresses. */
import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import getPort from 'get-port';

/** Ports by name, the same as last time in this folder. */
export async function rememberedPorts<K extends string>(
  stateDir: string,
  part: string,
  names: readonly K[],
): Promise<Record<K, number>> {
  const file = join(stateDir, `${part}-ports.json`);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<K, number>;
  } catch {
    const entries: [K, number][] = [];
    for (const name of names) entries.push([name, await getPort({ host: '127.0.0.1' })]);
    await mkdir(stateDir, { recursive: true });
    await writeFile(file, JSON.stringify(Object.fromEntries(entries)));
    return Object.fromEntries(entries) as Record<K, number>;
  }
}
