/** Free ports that a state folder keeps, so that a second start answers at the same addresses. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/**
 * Ports by name, the same as last time in this folder. One that another program has taken meanwhile is
 * replaced by a free one, for good.
 */
export async function rememberedPorts<K extends string>(
  stateDir: string,
  part: string,
  names: readonly K[],
): Promise<Record<K, number>> {
  const file = join(stateDir, `${part}-ports.json`);
  const before = await readPorts(file);
  const ports: Partial<Record<K, number>> = {};
  for (const name of names) {
    const last = before[name];
    ports[name] = last !== undefined && (await isFree(last)) ? last : await freePort();
  }
  await mkdir(stateDir, { recursive: true });
  await writeFile(file, JSON.stringify(ports));
  return ports as Record<K, number>;
}

/** What was remembered; nothing when the file is not there or half written. */
async function readPorts(file: string): Promise<Record<string, number | undefined>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
