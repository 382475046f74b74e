/** Turns everything that is raised below the API into one answer: status, code, one sentence. */
import { STATUS_CODES } from 'node:http';
import type { FastifyError } from 'fastify';
import { ApplyError } from '../apply/apply-pools.ts';
import { DocumentError } from '../apply/read-documents.ts';
import { ClaimError } from '../claims/claim-error.ts';
import { PoolError, type PoolErrorCode } from '../client/pool-error.ts';
import { problemCodes, type ProblemCode } from '../client/wire/problem-codes.ts';
import type { PoolCandidate, Problem } from '../client/wire/problem.ts';
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import { describeValidation } from './describe-validation.ts';

/** After something that may pass at any moment: soon, but not at once. */
const soonSeconds = 1;

/** After Temporal or the cluster did not answer; an API server restarts in about as long. */
const outageSeconds = 5;

/** An error of the API's own: raised anywhere in a request, answered as a problem. */
export class ApiError extends Error {
  readonly code: ProblemCode;
  readonly retryAfterSeconds: number | null;
  /** What is wrong in the request, when one thing is. */
  readonly wrong: { field: string; expected: string; given: string } | null;
  /** Everything that is wrong with a document, a sentence each. */
  readonly errors: string[] | null;
  /** The pools that a claim by shape and image could have meant. */
  readonly candidates: PoolCandidate[] | null;

  constructor(
    code: ProblemCode,
    message: string,
    options: {
      retryAfterSeconds?: number;
      wrong?: { field: string; expected: string; given: string };
      errors?: string[];
      candidates?: PoolCandidate[];
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
    this.wrong = options.wrong ?? null;
    this.errors = options.errors ?? null;
    this.candidates = options.candidates ?? null;
  }
}

/** The error to answer for anything raised; what is not known becomes `internal` and is logged. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ClaimError) {
    const { code, message, retryAfterSeconds } = error;
    return new ApiError(code, message, {
      ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
      cause: error,
    });
  }
  if (error instanceof PoolError) return fromPoolError(error);
  if (error instanceof DocumentError) return fromDocument(error);
  if (error instanceof ApplyError) {
    const isOutage = error.cause instanceof KubernetesError && isUnavailable(error.cause);
    return isOutage
      ? new ApiError('clusterUnavailable', error.message, retrying(outageSeconds, error))
      : fromDocument(error);
  }
  if (error instanceof KubernetesError) {
    const message = `The Kubernetes API server does not do what was asked: ${error.message}`;
    const seconds = (error.retryAfterMs ?? outageSeconds * 1000) / 1000;
    return new ApiError('clusterUnavailable', message, retrying(seconds, error));
  }
  return fromFastifyError(error);
}

/** The body of an answer. */
export function toProblem(error: ApiError, requestId?: string): Problem {
  const { status, title } = problemCodes[error.code];
  return {
    type: `urn:pilotlight:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...error.wrong,
    ...(error.errors === null ? {} : { errors: error.errors }),
    ...(error.candidates === null ? {} : { candidates: error.candidates }),
    ...(error.retryAfterSeconds === null ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** A whole HTTP/1.1 answer, for errors that come before there is a request. */
export function toRawAnswer(error: ApiError): string {
  const body = JSON.stringify(toProblem(error));
  const { status } = problemCodes[error.code];
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

/** The first of a document's errors is the detail; a template of lines could have thousands. */
const maxDocumentErrors = 50;

function fromDocument(error: DocumentError | ApplyError): ApiError {
  const [first = '', ...others] = error.message.split('\n');
  if (others.length === 0) return new ApiError('badRequest', first, { cause: error });
  const errors = [first, ...others].slice(0, maxDocumentErrors);
  const message = `${first} (one of ${others.length + 1} errors)`;
  return new ApiError('badRequest', message, { errors, cause: error });
}

function fromPoolError(error: PoolError): ApiError {
  const { code, retryAfterSeconds } = poolErrorCodes[error.code];
  return new ApiError(code, error.message, {
    ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
    cause: error,
  });
}

const poolErrorCodes: Record<
  PoolErrorCode,
  { code: ProblemCode; retryAfterSeconds: number | null }
> = {
  notFound: { code: 'unknownPool', retryAfterSeconds: null },
  refused: { code: 'poolRefused', retryAfterSeconds: null },
  unanswered: { code: 'poolUnanswered', retryAfterSeconds: soonSeconds },
  unreachable: { code: 'temporalUnavailable', retryAfterSeconds: outageSeconds },
};

/** The codes of fastify that a caller can cause; every other one is a fault of ours. */
const fastifyErrorCodes: Partial<Record<string, { code: ProblemCode; message: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'payloadTooLarge',
    message: 'Expected a shorter body; docs/api.md names the limit of each route.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupportedMediaType',
    message: 'Expected `Content-Type` to be application/json.',
  },
  FST_ERR_CTP_EMPTY_TYPE: {
    code: 'unsupportedMediaType',
    message: 'Expected `Content-Type` to be application/json, got nothing.',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    code: 'badRequest',
    message: 'Expected `body` to be JSON, got nothing; leave Content-Type out to send none.',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: {
    code: 'badRequest',
    message: 'Expected `body` to be JSON, got something that does not parse as JSON.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'badRequest',
    message: 'Expected the body to be as long as `Content-Length` says.',
  },
  FST_ERR_BAD_URL: {
    code: 'badRequest',
    message: 'Expected the URL to be well-formed, got an escape that is none.',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    code: 'badRequest',
    message: 'Expected a name of at most 200 characters in the path, got a longer one.',
  },
};

function fromFastifyError(error: unknown): ApiError {
  if (!(error instanceof Error)) return internal(error);
  const { validation, validationContext, code, statusCode } = error as Partial<FastifyError>;
  if (validation !== undefined) {
    const wrong = describeValidation(validation, validationContext ?? 'body');
    const message = `Expected \`${wrong.field}\` to be ${wrong.expected}, got ${wrong.given}.`;
    return new ApiError('badRequest', message, { wrong, cause: error });
  }
  const known = fastifyErrorCodes[code ?? ''];
  if (known !== undefined) return new ApiError(known.code, known.message, { cause: error });
  // JSON that sets a prototype, and whatever else a parser calls the sender's fault.
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ApiError('badRequest', `The request can't be read: ${error.message}`, {
      cause: error,
    });
  }
  return internal(error);
}

function internal(cause: unknown): ApiError {
  const message = 'A fault of the server, not of the request; its log tells more.';
  return new ApiError('internal', message, { cause });
}

function isUnavailable(error: KubernetesError): boolean {
  return error.kind === 'unavailable' || error.kind === 'throttled';
}

function retrying(retryAfterSeconds: number, cause: unknown) {
  return { retryAfterSeconds, cause };
}
