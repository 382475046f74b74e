/**
 * Ports on loopback for servers that are about to start.
 *
 * A port is found free here and taken by its server seconds later. Below the range that systems give to
 * outgoing connections and to servers that ask for any port, nobody takes it meanwhile by chance, and
 * processes that start servers side by side look in blocks of their own.
 */
import getPort, { portNumbers } from 'get-port';

const lowestPort = 20_000;

/** Up to 31,999: Linux gives out 32,768 and above. */
const blocks = 60;

/** An end-to-end file asks for 60 at most; a run of chaos frees them as it goes. */
const blockSize = 200;

/** Processes that were started side by side have numbers close to each other, and so other blocks. */
const blockStart = lowestPort + (process.pid % blocks) * blockSize;

/**
 * Finds a port on 127.0.0.1 on which nobody listens and that this process was not given in the last
 * 15 s: one of its block, or any when all of those are taken.
 */
export function freePort(): Promise<number> {
  const port = portNumbers(blockStart, blockStart + blockSize - 1);
  return getPort({ host: '127.0.0.1', port });
}
