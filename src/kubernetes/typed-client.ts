/**
 * The client library's typed calls over our pooled connections, by its public HTTP-library seam: of
 * itself it opens a TLS connection for each request (280 requests a second, measured, against
 * thousands pooled).
 *
 * Loading this loads the library: 0.3 s of CPU and 85 MB (docs/adr/0041-the-typed-client-is-a-side-door.md).
 * So it is imported when it is first used, and worker and API never use it.
 */
import {
  CoreV1Api,
  createConfiguration,
  ResponseContext,
  ServerConfiguration,
  wrapHttpLibrary,
  type RequestContext,
} from '@kubernetes/client-node';
import type { SendCall } from './http-call.ts';
import { fromStatus, toKubernetesError } from './kubernetes-error.ts';

/** Typed calls of the core group. They raise `KubernetesError`. */
export function createTypedClient(options: { server: string; sendCall: SendCall }): CoreV1Api {
  const { server, sendCall } = options;
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(server, {}),
    httpApi: wrapHttpLibrary({ send: (request) => sendTyped(request, sendCall) }),
  });
  return new CoreV1Api(configuration);
}

async function sendTyped(request: RequestContext, sendCall: SendCall): Promise<ResponseContext> {
  const body = request.getBody();
  if (body !== undefined && typeof body !== 'string') {
    throw new TypeError('Expected the body of a Kubernetes call to be text');
  }
  const answer = await sendCall({
    method: request.getHttpMethod(),
    url: request.getUrl(),
    headers: request.getHeaders(),
    body,
  }).catch((error: unknown) => {
    throw toKubernetesError(error);
  });
  const { statusCode, text } = answer;
  // Raised here, so that nobody needs the library to read its errors.
  if (statusCode >= 300) {
    const retryAfter = answer.headers['retry-after']?.toString();
    throw fromStatus({ code: statusCode, body: text, retryAfter });
  }
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
  );
  return new ResponseContext(statusCode, headers, {
    text: () => Promise.resolve(text),
    binary: () => Promise.resolve(Buffer.from(text)),
    stream: () => null,
  });
}
