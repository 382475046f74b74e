import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { parse } from 'yaml';

/** Fields to send, in any shape. */
export type Fields = Record<string, unknown>;

/**
 * The fields of answers that the contract looks at: of objects, lists and Statuses alike. They are
 * declared as present, since every test asserts what it reads.
 */
export interface Body {
  reason: string;
  message: string;
  code: number;
  details: { causes: { field: string }[] };
  items: Body[];
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    continue?: string;
    deletionTimestamp?: string;
    deletionGracePeriodSeconds?: number;
    labels: Record<string, string>;
    annotations: Record<string, string>;
  };
  spec: { nodeName: string; holderIdentity?: string };
  status?: {
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    used?: Record<string, string>;
    phase?: string;
    podIP?: string;
    startTime?: string;
    containerStatuses?: {
      ready: boolean;
      state: { waiting?: { reason: string; message?: string } };
    }[];
  };
}

/** One event of a watch. */
interface WatchEvent {
  type: string;
  object: Body;
}

export interface Answer {
  code: number;
  body: Body;
  /** The header `Date`. */
  date: string;
}

interface Kubeconfig {
  clusters: [
    {
      cluster: {
        server: string;
        'certificate-authority'?: string;
        'certificate-authority-data'?: string;
      };
    },
  ];
  users: [{ user: { token: string } }];
}

/** A watch that has been opened; `next` waits for the first event that fits. */
export interface OpenWatch {
  next(fits: (event: WatchEvent) => boolean): Promise<WatchEvent>;
  close(): void;
}

const deadlineMs = 10_000;

/** Plain HTTP to an API server, so that the contract does not depend on any client's habits. */
export class ApiClient {
  readonly #server: string;
  readonly #token: string;
  readonly #agent: Agent;

  private constructor(server: string, token: string, agent: Agent) {
    this.#server = server;
    this.#token = token;
    this.#agent = agent;
  }

  /** Connects as the kubeconfig says, or with another token. */
  static async fromKubeconfig(path: string, otherToken?: string): Promise<ApiClient> {
    const config = parse(await readFile(path, 'utf8')) as Kubeconfig;
    const cluster = config.clusters[0].cluster;
    const file = cluster['certificate-authority'];
    const data = cluster['certificate-authority-data'];
    const ca = file === undefined ? Buffer.from(data ?? '', 'base64') : await readFile(file);
    const token = otherToken ?? config.users[0].user.token;
    const agent = new Agent({ connect: { ca }, connections: 32, allowH2: false });
    return new ApiClient(cluster.server, token, agent);
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<Answer> {
    const response = await request(`${this.#server}${path}`, {
      method: method as 'GET',
      headers: { ...this.#headers(), 'content-type': contentType },
      body: body === undefined ? null : JSON.stringify(body),
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(deadlineMs),
    });
    const answer = (await response.body.json()) as Body;
    return { code: response.statusCode, body: answer, date: String(response.headers.date) };
  }

  /** Asks until the answer fits, for at most ten seconds. */
  until(path: string, fits: (answer: Answer) => boolean): Promise<Answer> {
    return this.untilAnswer({ method: 'GET', path, fits });
  }

  /** The same for any call. */
  async untilAnswer(options: {
    method: string;
    path: string;
    body?: unknown;
    fits: (answer: Answer) => boolean;
  }): Promise<Answer> {
    const { method, path, body, fits } = options;
    const endMs = Date.now() + deadlineMs;
    for (;;) {
      const answer = await this.call(method, path, body);
      if (fits(answer)) return answer;
      if (Date.now() > endMs) throw new Error(`not in time: ${JSON.stringify(answer)}`);
      await sleep(50);
    }
  }

  async watch(path: string): Promise<OpenWatch> {
    const stop = new AbortController();
    const response = await request(`${this.#server}${path}`, {
      headers: this.#headers(),
      dispatcher: this.#agent,
      signal: stop.signal,
    });
    const events = readEvents(response.body);
    return {
      next: async (fits) => {
        const timer = setTimeout(() => stop.abort(), deadlineMs);
        for (;;) {
          const { value, done } = await events.next();
          if (done === true) throw new Error('the watch ended before the event came');
          if (!fits(value)) continue;
          clearTimeout(timer);
          return value;
        }
      },
      close: () => stop.abort(),
    };
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}`, accept: 'application/json' };
  }
}

async function* readEvents(body: AsyncIterable<Buffer>): AsyncGenerator<WatchEvent, undefined> {
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as WatchEvent;
  }
  return undefined;
}
