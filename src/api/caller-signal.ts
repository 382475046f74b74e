import type { Socket } from 'node:net';

const controllers = new WeakMap<Socket, AbortController>();

/**
 * Aborts when the caller's connection is gone, so that it leaves the line. One per connection: a
 * request's own `close` event comes with the end of its body, and pipelined requests share the end.
 */
export function callerSignal(socket: Socket): AbortSignal {
  let controller = controllers.get(socket);
  if (controller === undefined) {
    const created = new AbortController();
    controller = created;
    controllers.set(socket, created);
    if (socket.destroyed) created.abort();
    else socket.once('close', () => created.abort());
  }
  return controller.signal;
}
