/** What the HTTP server takes at most, each with its reason. */
import { claimsStopDeadlineMs } from '../claims/claims.ts';

/** Request line and headers. Node's own default; a token and a claimId take less than 1 KiB. */
export const maxHeaderBytes = 16_384;

/** The longest URL of ours has a claimId of 200 characters, each escaped to 3: below 1 KiB. */
export const maxUrlLength = 2_048;

/** Body of a claim: 16 annotations of 1,024 characters of 4 bytes are 64 KiB, labels and the rest 10. */
export const maxClaimBodyBytes = 98_304;

/** Body of a pool document: a pod template may have 1.5 MB in etcd. */
export const maxPoolBodyBytes = 2_000_000;

/**
 * Open connections. A waiter holds one, the rest are idle ones kept alive; each costs about 20 KB, so
 * these cost 100 MB at most. Past it a new connection is closed at once.
 */
export const maxConnections = 5_000;

/**
 * With so many open each new connection takes the place of one that nobody uses, so that silent ones keep
 * no caller out. The rest is for what comes in one turn of the event loop: the kernel queues 511.
 */
export const crowdOfConnections = 4_400;

/** Headers must have come by then; a sender of one byte a second is cut off (slow loris). */
export const headersTimeoutMs = 10_000;

/** The whole request must have come by then; 2 MB at 100 KB/s take 20 s. */
export const requestTimeoutMs = 30_000;

/** How often the two above are looked at. */
export const connectionsCheckingIntervalMs = 1_000;

/**
 * An idle connection is kept for this; longer than the 60 s after which common load balancers close
 * theirs, so that none of them writes into a connection that we just closed.
 */
export const keepAliveTimeoutMs = 65_000;

/**
 * A graceful stop lasts at most this, 10 s: the claims end before the server does, so that each is
 * answered. Kubernetes kills after 30 s.
 */
export const stopDeadlineMs = claimsStopDeadlineMs + 1_000;

/**
 * The time a call to Temporal may take. People and programs wait for it, and it answers in
 * milliseconds or not at all; with the half second to find out which, an outage is told after 3 s.
 */
export const temporalDeadlineMs = 2_500;
