/**
 * Takes a warm pod, works with it and gives it back. Run it beside `./temporal-dev.sh`:
 *
 *     eval "$(./temporal-dev.sh env)" && node_modules/.bin/node examples/claims/claim.ts
 */
import { ClaimMissError, PilotlightClient } from '../../src/client/index.ts';

const pilotlight = new PilotlightClient({
  url: process.env['PILOTLIGHT_API_URL'] ?? 'http://127.0.0.1:9460',
});

try {
  // Renews itself while it is held, and is released at the end of the block, whatever happens in it.
  await using claim = await pilotlight.claim('duckling-colocated-4', {
    waitSeconds: 30,
    holder: 'the example',
  });
  console.log(
    `pod ${claim.pod.name} at ${String(claim.pod.ip)}, ${claim.hit ? 'warm' : 'waited for'}`,
  );
  await work(claim.signal);
} catch (error) {
  if (!(error instanceof ClaimMissError)) throw error;
  console.log(`no pod is warm; try again in about ${String(error.retryAfterSeconds)} s`);
}

/** Work on the pod ends when the claim is lost. */
async function work(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  signal.throwIfAborted();
}
