/**
 * A process that opens connections and says nothing on them: `hold-connections.ts PORT COUNT`. Sends its
 * parent how many are open, each time that the number has changed and at the end of the opening.
 */
import { connect } from 'node:net';

const [port = NaN, count = NaN] = process.argv.slice(2).map(Number);
if (!(port > 0 && count > 0)) throw new Error('Expected a port and a count');

/** Connections under way at once: the kernel queues 511 for a server that listens. */
const batch = 100;

/** Time between two reports. */
const reportEveryMs = 100;

let open = 0;

function openOne(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      open += 1;
      socket.resume();
      socket.on('close', () => (open -= 1));
    });
    // A reset is one of the ways to be cut off.
    socket.on('error', () => undefined);
    socket.on('connect', () => resolve());
    socket.on('close', () => resolve());
  });
}

function report(hasOpenedAll: boolean): void {
  process.send?.({ open, hasOpenedAll });
}

for (let opened = 0; opened < count; opened += batch) {
  await Promise.all(Array.from({ length: Math.min(batch, count - opened) }, openOne));
  report(false);
}
setInterval(() => report(true), reportEveryMs);
process.on('disconnect', () => process.exit(0));
