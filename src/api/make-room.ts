/**
 * Closes connections that nobody uses before there are too many to take a new one. Else a few thousand
 * that say nothing would keep every caller out until they are cut off.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * From now on a connection that comes while `crowd` are open ends another: the one that has been without
 * a whole request the longest, else the one that has been idle the longest since its last answer. One
 * with a request under way is never ended.
 */
export function makeRoom(server: Server, crowd: number): void {
  // Sets keep the order in which they were filled.
  const silent = new Set<Socket>();
  const idle = new Set<Socket>();
  const busy = new Set<Socket>();
  const forget = (socket: Socket): void => {
    for (const set of [silent, idle, busy]) set.delete(socket);
  };
  server.on('connection', (socket) => {
    if (silent.size + idle.size + busy.size >= crowd) {
      const [unused] = silent.size > 0 ? silent : idle;
      if (unused !== undefined) {
        forget(unused);
        unused.destroy();
      }
    }
    silent.add(socket);
    socket.on('close', () => forget(socket));
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    forget(socket);
    busy.add(socket);
    response.on('close', () => {
      if (busy.delete(socket) && !socket.destroyed) idle.add(socket);
    });
  });
}
