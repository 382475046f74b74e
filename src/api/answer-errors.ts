/** Every error as a problem: raised in a route, before one, by no route, or by the parser of HTTP. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemCodes } from '../client/wire/problem-codes.ts';
import { problemMediaType } from '../client/wire/problem.ts';
import type { App } from './app.ts';
import { maxHeaderBytes } from './limits.ts';
import { ApiError, toApiError, toProblem, toRawAnswer } from './problems.ts';

declare module 'fastify' {
  interface FastifyReply {
    /** The code of the problem that was answered, for the log. */
    problemCode: string | null;
  }
}

/** Answers what routes raise, and paths that are none. */
export function answerErrors(app: App): void {
  app.decorateReply('problemCode', null);
  app.setErrorHandler((raised, request, reply) => {
    sendError({ error: toApiError(raised), request, reply });
  });
  app.setNotFoundHandler((request, reply) => {
    const error = new ApiError('notFound', 'There is nothing at this path; see /openapi.json.');
    sendError({ error, request, reply });
  });
}

/** Answers one error. */
export function sendError(options: {
  error: ApiError;
  request: FastifyRequest;
  reply: FastifyReply;
}): void {
  const { error, request, reply } = options;
  const { status } = problemCodes[error.code];
  reply.problemCode = error.code;
  if (error.code === 'internal') {
    request.log.error({ err: error.cause }, 'a request met a fault of ours');
  }
  if (error.code === 'unauthorized') reply.header('www-authenticate', 'Bearer');
  if (error.retryAfterSeconds !== null) {
    reply.header('retry-after', Math.ceil(error.retryAfterSeconds));
  }
  reply
    .code(status)
    .header('content-type', problemMediaType)
    .send(Buffer.from(JSON.stringify(toProblem(error, request.id))));
}

/**
 * Collects the routes that are added from now on; what it returns answers every other method at
 * their paths with `methodNotAllowed`.
 */
export function refuseOtherMethods(app: App): (others: FastifyInstance) => void {
  const taken = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = taken.get(url) ?? new Set();
    taken.set(url, methods);
    for (const one of [method].flat()) methods.add(one);
  });
  return (others) => {
    for (const [url, methods] of [...taken]) {
      const allow = [...methods].sort().join(', ');
      others.route({
        url,
        method: others.supportedMethods.filter((method) => !methods.has(method)),
        config: { access: 'open' },
        schema: { hide: true },
        // Before the body, which may be of any type here.
        onRequest: (_request, reply, done) => {
          reply.header('allow', allow);
          done(new ApiError('methodNotAllowed', `This path takes ${allow}.`));
        },
        handler: (_request, reply) => reply.send(),
      });
    }
  };
}

/** The answer to what could not be parsed as a request. */
export function rawAnswerTo(error: NodeJS.ErrnoException): string {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    const message = `Expected at most ${maxHeaderBytes} bytes of headers.`;
    return toRawAnswer(new ApiError('headersTooLarge', message));
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return toRawAnswer(new ApiError('requestTimeout', 'The request did not arrive in time.'));
  }
  return toRawAnswer(new ApiError('badRequest', 'Expected an HTTP/1.1 request.'));
}
