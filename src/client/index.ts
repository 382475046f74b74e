/** What users of claims import. Needs nothing but Node's fetch; OpenTelemetry's API where it is in use. */
export { HeldClaim } from './held-claim.ts';
export {
  PilotlightClient,
  type ClaimOptions,
  type ClientOptions,
  type WantedShape,
} from './pilotlight-client.ts';
export {
  AmbiguousShapeError,
  ClaimLostError,
  ClaimMissError,
  NoSuchShapeError,
  PilotlightError,
  UnreachableError,
  type PilotlightErrorCode,
} from './pilotlight-error.ts';
export type { ClaimAnswer, ClaimBody, ClaimStateAnswer, ReleasedAnswer } from './wire/claims.ts';
export type { PoolAnswer } from './wire/pools.ts';
export type { PoolCandidate } from './wire/problem.ts';
