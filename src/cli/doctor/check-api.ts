/** The check of the HTTP API's replicas. */
import type { Finding } from './finding.ts';

/** A replica on the same network answers in milliseconds. */
const deadlineMs = 5_000;

/** One finding a replica. */
export async function checkApi(urls: string[]): Promise<Finding[]> {
  return Promise.all(
    urls.map(async (url): Promise<Finding> => {
      const name = 'API';
      try {
        const answer = await fetch(new URL('/readyz', url), {
          signal: AbortSignal.timeout(deadlineMs),
        });
        const { why } = (await answer.json()) as { why?: unknown };
        if (answer.ok) return { name, state: 'ok', text: `${url} serves claims` };
        const text = `${url} answers ${answer.status}: ${String(why)}; see its log`;
        return { name, state: 'fail', text };
      } catch (error) {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
        const said = cause instanceof Error ? cause.message : String(cause);
        const text = `${url} does not answer (${said}); start it, or set PILOTLIGHT_API_URL`;
        return { name, state: 'fail', text };
      }
    }),
  );
}
