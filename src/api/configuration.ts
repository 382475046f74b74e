import { z } from 'zod';
import { defaultClaimLimits, type ClaimLimits } from '../claims/claim-limits.ts';
import {
  commonSettings,
  port,
  readEnvironment,
  type LogLevel,
} from '../configuration/read-environment.ts';
import { isLoopback } from './is-loopback.ts';

/** More waiters than connections could never be. */
const waiters = z.coerce.number().int().min(1).max(5_000);

const schema = z.object({
  ...commonSettings,
  PILOTLIGHT_API_HOST: z.string().min(1).default('127.0.0.1'),
  PILOTLIGHT_API_PORT: port.default(9460),
  /** YAML list of tokens; needed on every address that is not loopback. */
  PILOTLIGHT_TOKENS_FILE: z.string().min(1).optional(),
  PILOTLIGHT_MAX_WAITING: waiters.default(defaultClaimLimits.maxWaiting),
  PILOTLIGHT_MAX_WAITING_PER_POOL: waiters.default(defaultClaimLimits.maxWaitingPerPool),
});

/** What an API process is told. Temporal's own settings come by its envconfig. */
export interface ApiConfiguration {
  namespace: string;
  taskQueue: string;
  logLevel: LogLevel;
  /** null: payloads are not encrypted. */
  payloadKeysFile: string | null;
  host: string;
  port: number;
  /** null: no tokens, which only a loopback address may have. */
  tokensFile: string | null;
  claimLimits: ClaimLimits;
}

/**
 * Reads and checks the environment. Raises one error that names each wrong variable, or when anyone
 * in the network could claim without a token.
 */
export function readConfiguration(env: NodeJS.ProcessEnv): ApiConfiguration {
  const read = readEnvironment(schema, env);
  const host = read.PILOTLIGHT_API_HOST;
  const tokensFile = read.PILOTLIGHT_TOKENS_FILE ?? null;
  if (tokensFile === null && !isLoopback(host)) {
    throw new Error(
      `Expected PILOTLIGHT_TOKENS_FILE to be set, because PILOTLIGHT_API_HOST ${host} is not a loopback address, got nothing`,
    );
  }
  return {
    namespace: read.PILOTLIGHT_NAMESPACE,
    taskQueue: read.PILOTLIGHT_TASK_QUEUE,
    logLevel: read.PILOTLIGHT_LOG_LEVEL,
    payloadKeysFile: read.PILOTLIGHT_PAYLOAD_KEYS_FILE ?? null,
    host,
    port: read.PILOTLIGHT_API_PORT,
    tokensFile,
    claimLimits: {
      ...defaultClaimLimits,
      maxWaiting: read.PILOTLIGHT_MAX_WAITING,
      maxWaitingPerPool: read.PILOTLIGHT_MAX_WAITING_PER_POOL,
    },
  };
}
