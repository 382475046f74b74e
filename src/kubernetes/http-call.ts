/** A call to an API server and its answer, before anything is read into either. */
import type { Dispatcher } from 'undici';

/**
 * Which connections carry a call: claims must not wait for anything else, and deletes must not fill
 * what others need.
 */
export type Lane = 'calls' | 'claims' | 'deletes';

/** A call. */
interface HttpCall {
  method: Dispatcher.HttpMethod;
  url: string;
  headers: Record<string, string>;
  body?: string | undefined;
  /** `calls` unless given. */
  lane?: Lane | undefined;
  /** For the whole call; the connection's own unless given. */
  deadlineMs?: number | undefined;
}

/** A whole answer, whatever its status. */
type HttpAnswer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'> & { text: string };

/** Carries calls over pooled connections, with credentials. Rejects when no whole answer comes. */
export type SendCall = (call: HttpCall) => Promise<HttpAnswer>;
