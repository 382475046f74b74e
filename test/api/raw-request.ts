import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Sends bytes to a port of loopback and reads what comes until the server closes or time is over. */
export async function sendRaw(
  port: number,
  bytes: string | Buffer,
  timeoutMs = 2_000,
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString('latin1')));
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
    // A reset is an end like any other here.
    socket.on('error', () => resolve());
  });
  socket.write(bytes);
  await Promise.race([closed, sleep(timeoutMs, undefined, { ref: false })]);
  socket.destroy();
  return received;
}
