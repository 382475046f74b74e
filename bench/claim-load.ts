/** Claims over HTTP as callers make them: claim, hold, release. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { runOpenLoop, type Timed } from './open-loop.ts';

/** A caller that finds no warm pod waits this long in line. */
const waitSeconds = 30;

/** Beyond its wait an answer may take this long before it counts as an error. */
const answerDeadlineMs = (waitSeconds + 30) * 1000;

/** What a caller is told of its claim. */
interface Answered {
  hit: boolean;
}

/**
 * Makes one claim at each instant, spread over the replicas in turn, and releases it after the
 * dwell. The latency of each ends with the answer to the claim; a failed release is an error too.
 */
export async function loadClaims(options: {
  urls: string[];
  pool: string;
  arrivalsMs: number[];
  dwellMs: number;
  /** Prefix of the callers' own claimIds; null for claims without. */
  claimIds: string | null;
  signal: AbortSignal;
}): Promise<Timed<Answered>[]> {
  const { urls, pool, arrivalsMs, dwellMs, claimIds, signal } = options;
  // As many connections as claims at once: a caller does not wait for another's connection.
  const agent = new Agent();
  const call = async (
    method: 'POST' | 'DELETE',
    url: string,
    body: object | null,
  ): Promise<unknown> => {
    const { origin, pathname } = new URL(url);
    const answer = await agent.request({
      ...{ origin, path: pathname, method },
      headers: body === null ? {} : { 'content-type': 'application/json' },
      body: body === null ? null : JSON.stringify(body),
      headersTimeout: answerDeadlineMs,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) {
      throw new Error(`${method} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    }
    return JSON.parse(text);
  };
  try {
    return await runOpenLoop({
      arrivalsMs,
      signal,
      task: async (index, answered) => {
        const url = urls[index % urls.length] ?? '';
        const claimId = claimIds === null ? {} : { claimId: `${claimIds}-${index}` };
        const body = { ...claimId, waitSeconds };
        const claim = (await call('POST', `${url}/v1/pools/${pool}/claims`, body)) as Answered & {
          claimId: string;
        };
        answered();
        await sleep(dwellMs);
        await call('DELETE', `${url}/v1/claims/${claim.claimId}`, null);
        return { hit: claim.hit };
      },
    });
  } finally {
    await agent.close();
  }
}
