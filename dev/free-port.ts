/**
 * Ports on loopback for servers that are about to start.
 *
 * A port is found free here and taken by its server seconds later. Below the range that systems give to
 * outgoing connections and to servers that ask for any port, nobody takes it meanwhile by chance, and
 * processes that start servers side by side look in blocks of their own.
 */
import { createServer } from 'node:net';
import getPort, { portNumbers } from 'get-port';

const lowestPort = 20_000;

/** Up to 31,999: Linux gives out 32,768 and above. */
const blocks = 60;

/** An end-to-end file asks for 60 at most; a run of chaos frees them as it goes. */
const blockSize = 200;

/** Where a process looks first: those that were started side by side have numbers close to each other. */
export function preferredBlock(pid: number): number {
  return lowestPort + (pid % blocks) * blockSize;
}

let claimed: Promise<number> | null = null;

/**
 * Finds a port on 127.0.0.1 on which nobody listens and that this process was not given in the last
 * 15 s: one of its block, or any when all of those are taken. The block is this process's own: a server
 * that is stopped and started again finds its port as it left it.
 */
export async function freePort(): Promise<number> {
  const first = await (claimed ??= claimBlock());
  return getPort({ host: '127.0.0.1', port: portNumbers(first + 1, first + blockSize - 1) });
}

/** Holds the first port of a block for as long as the process lives, so that no other takes the block. */
async function claimBlock(): Promise<number> {
  for (let tried = 0; tried < blocks; tried += 1) {
    const first = preferredBlock(process.pid + tried);
    const holder = createServer((socket) => socket.destroy()).unref();
    const holds = await new Promise<boolean>((resolve) => {
      holder.once('error', () => resolve(false));
      holder.listen(first, '127.0.0.1', () => resolve(true));
    });
    if (holds) return first;
  }
  throw new Error(`Expected one of ${blocks} blocks of ports from ${lowestPort} to be free`);
}
