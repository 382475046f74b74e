/** One error for everything that can go wrong between us and an API server. */

/** What an error means for the caller, whatever its status code. */
export type KubernetesErrorKind =
  | 'notFound'
  | 'alreadyExists'
  | 'conflict'
  | 'gone'
  | 'invalid'
  | 'forbidden'
  | 'quota'
  | 'throttled'
  | 'unauthorized'
  | 'unavailable';

/** An answer of the API server other than success, or the lack of one (`unavailable`). */
export class KubernetesError extends Error {
  readonly kind: KubernetesErrorKind;
  /** HTTP status; null when no answer came: then nothing is known of what the request did. */
  readonly code: number | null;
  /** From a Retry-After header; null without one. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    options: {
      kind: KubernetesErrorKind;
      code?: number | null;
      retryAfterMs?: number | null;
      cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.name = 'KubernetesError';
    this.kind = options.kind;
    this.code = options.code ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Turns what the network raised into a `KubernetesError`. */
export function toKubernetesError(error: unknown): KubernetesError {
  if (error instanceof KubernetesError) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  const message = `no answer from the API server: ${error instanceof Error ? error.message : String(error)}${detail}`;
  return new KubernetesError(message, { kind: 'unavailable', cause: error });
}

/** The error of an HTTP answer: `body` is a Status object, or its JSON text. */
export function fromStatus(answer: {
  code: number;
  body: unknown;
  retryAfter?: string | undefined;
}): KubernetesError {
  const { code, body, retryAfter } = answer;
  const { message, reason } = readStatus(body);
  const seconds = Number(retryAfter);
  return new KubernetesError(message || `the API server answered ${code}`, {
    kind: kindOf(code, reason, message),
    code,
    retryAfterMs: seconds > 0 ? seconds * 1000 : null,
  });
}

function readStatus(body: unknown): { message: string; reason: string } {
  let status = body;
  if (typeof body === 'string') {
    try {
      status = JSON.parse(body);
    } catch {
      return { message: body.slice(0, 300), reason: '' };
    }
  }
  const { message, reason } = (status ?? {}) as { message?: unknown; reason?: unknown };
  return {
    message: typeof message === 'string' ? message : '',
    reason: typeof reason === 'string' ? reason : '',
  };
}

function kindOf(code: number, reason: string, message: string): KubernetesErrorKind {
  switch (code) {
    case 401:
      return 'unauthorized';
    case 403:
      return /exceeded quota|status unknown for quota/.test(message) ? 'quota' : 'forbidden';
    case 404:
      return 'notFound';
    case 409:
      return reason === 'AlreadyExists' ? 'alreadyExists' : 'conflict';
    case 410:
      return 'gone';
    case 429:
      return 'throttled';
    case 400:
    case 413:
    case 422:
      return 'invalid';
    default:
      return 'unavailable';
  }
}
