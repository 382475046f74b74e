/** An HTTP server on loopback that plays the API and its faults, as each test scripts them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { problemCodes, type ProblemCode } from '../../src/client/wire/problem-codes.ts';
import type { Problem } from '../../src/client/wire/problem.ts';

/** A request as the script sees it. */
export interface SeenRequest {
  method: string;
  path: string;
  authorization: string | undefined;
  body: Record<string, unknown>;
}

/** What a script does with a request; the count begins at 1. */
export type Script = (request: SeenRequest, response: ServerResponse, count: number) => void;

/** Runs a server for one action. */
export async function withFlakyApi(
  script: Script,
  action: (api: { url: string; seen: SeenRequest[] }) => Promise<void>,
): Promise<void> {
  const seen: SeenRequest[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const { method = '', url: path = '' } = request;
    const { authorization } = request.headers;
    const read = (body === '' ? {} : JSON.parse(body)) as SeenRequest['body'];
    const one = { method, path, authorization, body: read };
    seen.push(one);
    script(one, response, seen.length);
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await action({ url: `http://127.0.0.1:${port}`, seen });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Answers JSON. */
export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Answers a problem as the API does. */
export function sendProblem(
  response: ServerResponse,
  code: ProblemCode,
  retryAfterSeconds?: number,
  more: Partial<Problem> = {},
): void {
  const { status, title } = problemCodes[code];
  const named = { type: 'urn:x', title, status, detail: `${code} it is.`, code };
  const body = { ...named, retryAfterSeconds, ...more };
  sendJson(response, body, status);
}

/** A granted claim whose lease begins now. */
export function grant(response: ServerResponse, leaseSeconds: number | null, status = 201): void {
  const expiresAt = new Date(Date.now() + (leaseSeconds ?? 0) * 1000).toISOString();
  const lease = leaseSeconds === null ? null : { expiresAt, seconds: leaseSeconds };
  const pod = { name: 'small-1', namespace: 'default', uid: 'u', ip: '10.0.0.1', node: 'n' };
  sendJson(response, { claimId: 'c', pool: 'small', hit: true, waitedMs: 0, pod, lease }, status);
}
