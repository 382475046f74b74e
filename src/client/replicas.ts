/**
 * Sends calls to the replicas of the API and repeats those that may be repeated, until a deadline:
 * the next replica at once after a failure, and a pause once all have failed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fromProblem, PilotlightError, UnreachableError } from './pilotlight-error.ts';
import { traceHeaders } from './trace-headers.ts';
import type { Problem } from './wire/problem.ts';

/** First and longest pause between rounds; Retry-After may make it longer. */
const firstPauseMs = 100;
const longestPauseMs = 5_000;

/** Time for an answer beyond what the call itself waits for. */
const answerDeadlineMs = 15_000;

/** A call of the API. */
export interface ApiCall {
  method: 'GET' | 'POST' | 'DELETE';
  /** Path and query, escaped. */
  path: string;
  /** Sent as JSON; asked for at each try, since a wait that is under way grows shorter. */
  body?: () => object;
  /** How long the API may wait before it answers. */
  waitMs?: number;
  /**
   * Whether doing it twice is as good as once. If not, it is repeated only where nothing can have
   * happened: nobody listened, or a replica refused it.
   */
  isRepeatable: boolean;
  /** Time for all tries. */
  deadlineMs: number;
  signal?: AbortSignal | undefined;
}

/** Answers after which a replica has done nothing. */
const untouchedCodes = new Set(['tooManyWaiting', 'shuttingDown']);

/** Answers that may be other ones a moment later. */
const passingCodes = new Set([...untouchedCodes, 'clusterUnavailable', 'internal']);

/** Errors of connections that were never made. */
const unconnectedCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

/** The replicas of one API. The one that last answered is asked first. */
export class Replicas {
  readonly #urls: string[];
  readonly #headers: Record<string, string>;
  readonly #fetch: typeof fetch;
  #current = 0;

  constructor(options: { urls: string[]; token: string | null; fetch: typeof fetch }) {
    this.#urls = options.urls.map(baseOf);
    if (this.#urls.length === 0) throw new TypeError('Expected `url` to name the API, got none');
    this.#headers = options.token === null ? {} : { authorization: `Bearer ${options.token}` };
    this.#fetch = options.fetch;
  }

  /** The answered JSON. Raises `PilotlightError`, or the signal's reason. */
  async send(call: ApiCall): Promise<unknown> {
    return (await this.sendDated(call)).body;
  }

  /** Like `send`, with the replica's clock as its answer has it: whole seconds, null without one. */
  async sendDated(call: ApiCall): Promise<{ body: unknown; dateMs: number | null }> {
    const endsAtMs = performance.now() + call.deadlineMs;
    let pauseMs = firstPauseMs;
    // Ends by the deadline: each round pauses at least 50 ms.
    for (let tries = 1; ; tries += 1) {
      call.signal?.throwIfAborted();
      try {
        return await this.#try(call, endsAtMs);
      } catch (error) {
        if (!(error instanceof PilotlightError) || !mayRepeat(call, error)) throw error;
        this.#current = (this.#current + 1) % this.#urls.length;
        const askedMs = (error.retryAfterSeconds ?? 0) * 1000;
        const isRoundOver = tries % this.#urls.length === 0;
        const waitMs = isRoundOver ? Math.max(askedMs, pauseMs * (0.5 + Math.random() / 2)) : 0;
        if (performance.now() + waitMs >= endsAtMs) throw error;
        if (isRoundOver) pauseMs = Math.min(longestPauseMs, pauseMs * 2);
        await sleep(waitMs, undefined, call.signal ? { signal: call.signal } : {}).catch(() =>
          call.signal?.throwIfAborted(),
        );
      }
    }
  }

  async #try(call: ApiCall, endsAtMs: number): Promise<{ body: unknown; dateMs: number | null }> {
    const url = this.#urls[this.#current] ?? '';
    const leftMs = Math.max(1, Math.ceil(endsAtMs - performance.now()));
    const timeout = AbortSignal.timeout(
      Math.min(leftMs, Math.ceil(call.waitMs ?? 0) + answerDeadlineMs),
    );
    const signal = call.signal ? AbortSignal.any([timeout, call.signal]) : timeout;
    const traced = await traceHeaders();
    const body = call.body?.();
    try {
      const answer = await this.#fetch(`${url}${call.path}`, {
        method: call.method,
        headers: {
          ...this.#headers,
          ...traced,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        // A redirect would carry the token to a place that was not named.
        redirect: 'error',
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const dateMs = Date.parse(answer.headers.get('date') ?? '');
      const read = await readAnswer(answer, url);
      return { body: read, dateMs: Number.isNaN(dateMs) ? null : dateMs };
    } catch (error) {
      if (error instanceof PilotlightError) throw error;
      call.signal?.throwIfAborted();
      throw new UnreachableError(
        `The Pilotlight API at ${url} does not answer: ${why(error)}`,
        error,
      );
    }
  }
}

async function readAnswer(answer: Response, url: string): Promise<unknown> {
  const { ok, status } = answer;
  const text = await answer.text();
  const body = parse(text);
  if (ok && body !== undefined) return body;
  if (!ok && isProblem(body)) throw fromProblem(body);
  // A proxy's page, or half an answer: nothing that the API says.
  const message = `Expected ${url} to be the Pilotlight API, got status ${status} without its JSON`;
  if (ok || status === 429 || status >= 500)
    throw new UnreachableError(message, text.slice(0, 200));
  throw new PilotlightError('unreachable', message, { status });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): body is Problem {
  return (
    typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string'
  );
}

function mayRepeat(call: ApiCall, error: PilotlightError): boolean {
  if (call.isRepeatable && error instanceof UnreachableError) return true;
  if (call.isRepeatable) return passingCodes.has(error.code);
  return untouchedCodes.has(error.code) || unconnectedCodes.has(networkCode(error.cause));
}

/** The code of the system call that failed: fetch wraps it, once for each address that was tried. */
function networkCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return networkCode(error.errors[0]);
  return networkCode(error.cause);
}

/** The message nearest to the fault: fetch itself only says that it failed. */
function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = networkCode(error);
  if (code !== '') return code;
  return error.cause instanceof Error ? why(error.cause) : error.message;
}

function baseOf(url: string): string {
  const { protocol } = URL.parse(url) ?? {};
  if (protocol === 'http:' || protocol === 'https:') return url.replace(/\/+$/, '');
  throw new TypeError(`Expected \`url\` to be an http or https URL, got ${JSON.stringify(url)}`);
}
