/** Where a worker's keeper and scraper look: /healthz, /readyz, /metrics. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';

/** How a worker is. */
export interface WorkerHealth {
  /** It polls, and sees its pods: it may take the place of an older one. */
  isReady: boolean;
  /** It has ended or failed for good and must be started anew. An API server that is away is no reason. */
  isDead: boolean;
  /** The SDK's word for its state. */
  state: string;
  /** Time since the cluster was heard of. */
  watchLagMs: number;
}

/** Listens until it is closed. Raises when it can't, as on a port that is taken. */
export async function startHealthServer(options: {
  host: string;
  port: number;
  health: () => WorkerHealth;
  scrape: () => Promise<{ contentType: string; text: string }>;
}): Promise<Server> {
  const { host, port, health, scrape } = options;
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    const { isReady, isDead, state, watchLagMs } = health();
    switch (path) {
      case '/metrics': {
        const { contentType, text } = await scrape();
        response.writeHead(200, { 'content-type': contentType }).end(text);
        return;
      }
      case '/healthz':
        sendJson(response, isDead ? 503 : 200, { state });
        return;
      case '/readyz':
        sendJson(response, isReady ? 200 : 503, { state, watchLagMs: Math.round(watchLagMs) });
        return;
      default:
        sendJson(response, 404, { paths: ['/healthz', '/readyz', '/metrics'] });
    }
  };
  const server = createServer((request, response) => {
    answer(request.url ?? '', response).catch((error: unknown) => {
      sendJson(response, 500, { error: String(error) });
    });
  });
  await once(server.listen(port, host), 'listening');
  return server;
}

function sendJson(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
