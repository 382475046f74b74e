/**
 * The HTTP server: limits, authorization, errors, logs and the routes.
 *
 * States: created → listen() → serving → stop() → stopping (not ready; waiters are told to go
 * elsewhere, what is under way is finished) → closed, within 10 s.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify, LogController, type FastifyBaseLogger } from 'fastify';
import type { Claims } from '../claims/claims.ts';
import type { ApiMetrics } from '../metrics/api-metrics.ts';
import { noTracer, type Tracer } from '../tracing/span.ts';
import { answerErrors, rawAnswerTo, refuseOtherMethods, sendError } from './answer-errors.ts';
import type { App } from './app.ts';
import { addAuthorization } from './authorize.ts';
import { addClaimRoutes, type ClaimsService } from './claim-routes.ts';
import * as limits from './limits.ts';
import { logRequests } from './log-requests.ts';
import { makeRoom } from './make-room.ts';
import { describeApi, openApi } from './open-api.ts';
import { addOperationRoutes, type Readiness } from './operation-routes.ts';
import type { PoolAdministration } from './pool-administration.ts';
import { addPoolRoutes } from './pool-routes.ts';
import { toApiError, ApiError } from './problems.ts';
import type { Tokens } from './tokens.ts';
import { traceRequests } from './trace-requests.ts';

/** What a server needs of its process. */
export interface ApiServerDependencies {
  claims: ClaimsService & Pick<Claims, 'stop'>;
  administration: PoolAdministration;
  /** null: no token is asked for, which only a loopback address may do. */
  tokens: Tokens | null;
  metrics: ApiMetrics;
  /** Traces nothing unless given. */
  tracer?: Tracer;
  log: FastifyBaseLogger;
  /** Whether the process could serve claims; stopping is added to it. */
  readiness: () => Readiness;
  /** Instead of the limits of limits.ts. */
  timeouts?: Partial<typeof defaultTimeouts>;
}

const { headersTimeoutMs, requestTimeoutMs, connectionsCheckingIntervalMs, stopDeadlineMs } =
  limits;
const defaultTimeouts = {
  ...{ headersTimeoutMs, requestTimeoutMs, connectionsCheckingIntervalMs, stopDeadlineMs },
};

/** One replica's HTTP server. */
export class ApiServer {
  readonly #app: App;
  readonly #dependencies: ApiServerDependencies;
  readonly #timeouts: typeof defaultTimeouts;
  #isStopping = false;

  private constructor(
    app: App,
    dependencies: ApiServerDependencies,
    timeouts: typeof defaultTimeouts,
  ) {
    this.#app = app;
    this.#dependencies = dependencies;
    this.#timeouts = timeouts;
  }

  /** Builds the server and its routes; nothing listens yet. */
  static async create(dependencies: ApiServerDependencies): Promise<ApiServer> {
    const timeouts = { ...defaultTimeouts, ...dependencies.timeouts };
    const app = createApp(dependencies.log, timeouts);
    const server = new ApiServer(app, dependencies, timeouts);
    await server.#addRoutes();
    return server;
  }

  /** What /openapi.json answers. */
  describe(): Record<string, unknown> {
    return describeApi(this.#app);
  }

  /** Listens; resolves to the URL. Port 0 is any free one. Raises when the address is taken. */
  async listen(options: { host: string; port: number }): Promise<string> {
    makeRoom(this.#app.server, limits.crowdOfConnections);
    const url = await this.#app.listen(options);
    this.#app.server.maxConnections = limits.maxConnections;
    return url;
  }

  /** Answers waiters, finishes what is under way, closes every connection; 10 s at most. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const deadline = new AbortController();
    const late = sleep(this.#timeouts.stopDeadlineMs, 'late' as const, { signal: deadline.signal });
    const graceful = this.#dependencies.claims.stop().then(() => this.#app.close());
    const how = await Promise.race([graceful, late]);
    if (how === 'late') {
      this.#dependencies.log.warn('requests were cut off at the end of a graceful stop');
      this.#app.server.closeAllConnections();
      await this.#app.close();
    }
    deadline.abort();
    await late.catch(() => undefined);
  }

  async #addRoutes(): Promise<void> {
    const app = this.#app;
    const { claims, administration, tokens, metrics, readiness } = this.#dependencies;
    const { tracer = noTracer } = this.#dependencies;
    await app.register(swagger, openApi);
    logRequests(app, metrics);
    answerErrors(app);
    app.addHook('onRequest', (request, _reply, done) => {
      if ((request.raw.url ?? '').length <= limits.maxUrlLength) done();
      else
        done(new ApiError('uriTooLong', `Expected a URL of at most ${limits.maxUrlLength} bytes.`));
    });
    app.addHook('onSend', (_request, reply, payload, done) => {
      // A kept connection would go on to a replica that is about to end.
      if (this.#isStopping) reply.header('connection', 'close');
      done(null, payload);
    });
    addAuthorization(app, tokens);
    traceRequests(app, tracer);
    const refuseOthers = refuseOtherMethods(app);
    addClaimRoutes(app, claims);
    addPoolRoutes(app, { claims, administration });
    addOperationRoutes(app, {
      metrics,
      readiness: () =>
        this.#isStopping
          ? { ...readiness(), isReady: false, why: 'The replica is shutting down.' }
          : readiness(),
    });
    app.register((others: App, _options: object, done: () => void) => {
      refuseOthers(others);
      done();
    });
    await app.ready();
  }
}

function createApp(log: FastifyBaseLogger, timeouts: typeof defaultTimeouts): App {
  // Ids of two lives of a process, or of two replicas, do not meet in a log.
  const life = randomBytes(4).toString('hex');
  let count = 0;
  return fastify({
    loggerInstance: log,
    // Its own lines name URLs, which hold claimIds; logRequests writes ours.
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: () => `${life}-${(count += 1).toString(36)}`,
    bodyLimit: limits.maxClaimBodyBytes,
    requestTimeout: timeouts.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // The stop answers what still comes on open connections itself.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // A claimId of 200 characters, each escaped.
    routerOptions: { maxParamLength: 600 },
    http: {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: timeouts.headersTimeoutMs,
      requestTimeout: timeouts.requestTimeoutMs,
      connectionsCheckingInterval: timeouts.connectionsCheckingIntervalMs,
    },
    ajv: {
      customOptions: {
        // What is given is checked as it is: no number in quotes, nothing dropped or filled in.
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        // The first fault ends the check, whatever the size of a body.
        allErrors: false,
        // Errors carry the value and the schema that they are about.
        verbose: true,
        keywords: ['x-expected'],
      },
    },
    clientErrorHandler: (error, socket: Socket) => {
      log.debug({ error: error.code }, 'a connection sent what is no request');
      if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
      else socket.end(rawAnswerTo(error), () => socket.destroy());
    },
    frameworkErrors: (error, request, reply) => {
      sendError({ error: toApiError(error), request, reply });
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
}
