import { defaultClaimLimits, type ClaimLimits } from '../claims/claim-limits.ts';
import {
  Environment,
  readCommon,
  type CommonConfiguration,
} from '../configuration/read-environment.ts';
import { isLoopback } from './is-loopback.ts';

/** More waiters than connections could never be. */
const maxWaiters = 5_000;

/** What an API process is told. Temporal's own settings come by its envconfig. */
export interface ApiConfiguration extends CommonConfiguration {
  host: string;
  port: number;
  /** YAML list of tokens; null: no tokens, which only a loopback address may have. */
  tokensFile: string | null;
  claimLimits: ClaimLimits;
}

/**
 * Reads and checks the environment. Raises one error that names each wrong variable, or when anyone
 * in the network could claim without a token.
 */
export function readConfiguration(env: NodeJS.ProcessEnv): ApiConfiguration {
  const environment = new Environment(env);
  const waiters = (name: string, unlessGiven: number): number =>
    environment.wholeNumber(name, { min: 1, max: maxWaiters, default: unlessGiven });
  const { maxWaiting, maxWaitingPerPool } = defaultClaimLimits;
  const configuration = {
    ...readCommon(environment),
    host: environment.text('PILOTLIGHT_API_HOST', '127.0.0.1'),
    port: environment.port('PILOTLIGHT_API_PORT', 9460),
    tokensFile: environment.optionalText('PILOTLIGHT_TOKENS_FILE'),
    claimLimits: {
      ...defaultClaimLimits,
      maxWaiting: waiters('PILOTLIGHT_MAX_WAITING', maxWaiting),
      maxWaitingPerPool: waiters('PILOTLIGHT_MAX_WAITING_PER_POOL', maxWaitingPerPool),
    },
  };
  environment.check();
  const { host, tokensFile } = configuration;
  if (tokensFile === null && !isLoopback(host)) {
    throw new Error(
      `Expected PILOTLIGHT_TOKENS_FILE to be set, because PILOTLIGHT_API_HOST ${host} is not a loopback address, got nothing`,
    );
  }
  return configuration;
}
