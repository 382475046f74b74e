/** Clients that claim, repeat, renew and release at several replicas, whatever these answer. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the clients saw. */
export interface Attack {
  /** Answered claims; each claimId counts once. */
  claims: number;
  /** Repetitions that were answered with the pod of the first. */
  repeats: number;
  /** Claims that ended without a pod, by code. */
  failures: Map<string, number>;
  /** uids of pods that a client began to release. */
  released: Set<string>;
  /** Answers that contradict one another. */
  contradictions: string[];
}

/** A request that gets no answer is repeated by the client; no test waits longer for one. */
const requestMs = 20_000;

/** A client repeats a claim so often, with pauses, until it gives up: longer than any restart. */
const maxTries = 40;
const pauseMs = 250;

/** Long enough for every client here, short enough that orphans are gone before the end. */
const leaseSeconds = 60;

interface Answer {
  status: number;
  body: { code?: string; claimId?: string; pod?: { uid: string } };
}

/** Runs so many clients until they have so many claims, or the time is over. */
export async function attackClaims(options: {
  urls: string[];
  pool: string;
  clients: number;
  claims: number;
  timeoutMs: number;
}): Promise<Attack> {
  const { clients, claims, timeoutMs } = options;
  const attack: Attack = {
    claims: 0,
    repeats: 0,
    failures: new Map(),
    released: new Set(),
    contradictions: [],
  };
  const endsAtMs = Date.now() + timeoutMs;
  const isOver = (): boolean => attack.claims >= claims || Date.now() > endsAtMs;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let round = 0; !isOver(); round += 1) {
        const isNamed = round % 4 !== 3;
        if (isNamed) await claimByName(attack, options, `attack-${client}-${round}`, round);
        else await claimWithoutName(attack, options, round);
      }
    }),
  );
  return attack;
}

interface Place {
  urls: string[];
  pool: string;
}

/** Sends a claim to one replica or to all at once, again elsewhere, renews it and releases it. */
async function claimByName(
  attack: Attack,
  place: Place,
  claimId: string,
  round: number,
): Promise<void> {
  const { urls, pool } = place;
  const body = { claimId, waitSeconds: 5, leaseSeconds, holder: 'attack' };
  const path = `/v1/pools/${pool}/claims`;
  const first = round % urls.length;
  const uids = new Set<string>();
  const isEverywhere = round % 3 === 0;
  const places = isEverywhere ? urls.map((_, index) => index) : [first];
  await Promise.all(
    places.map(async (start) => {
      const uid = await insist(attack, { method: 'POST', path, body, urls, start });
      if (uid !== null) uids.add(uid);
    }),
  );
  if (uids.size === 0) return;
  attack.claims += 1;
  const again = await call(urls[(first + 1) % urls.length] ?? '', { method: 'POST', path, body });
  if (again?.body.pod !== undefined) {
    uids.add(again.body.pod.uid);
    attack.repeats += 1;
  }
  if (uids.size > 1) attack.contradictions.push(`${claimId}: ${[...uids].join()}`);
  await sleep(50 * (round % 5));
  const other = urls[(first + 2) % urls.length] ?? '';
  const renewed = await call(other, {
    method: 'POST',
    path: `/v1/claims/${claimId}/renew`,
    body: {},
  });
  if (renewed?.status === 200 && renewed.body.pod && !uids.has(renewed.body.pod.uid)) {
    attack.contradictions.push(`${claimId}: renewed on ${renewed.body.pod.uid}`);
  }
  // 410: the claim is lost, which nothing here may do to it.
  if (renewed?.status === 410) attack.contradictions.push(`${claimId}: lost while it was held`);
  await release(attack, place, claimId, uids);
}

async function claimWithoutName(attack: Attack, place: Place, round: number): Promise<void> {
  const { urls, pool } = place;
  const path = `/v1/pools/${pool}/claims`;
  const body = { waitSeconds: 5, leaseSeconds };
  const answer = await call(urls[round % urls.length] ?? '', { method: 'POST', path, body });
  const uid = answer?.body.pod?.uid;
  if (uid === undefined) {
    count(attack, answer?.body.code ?? 'noAnswer');
    return;
  }
  attack.claims += 1;
  await release(attack, place, answer?.body.claimId ?? '', new Set([uid]));
}

async function release(
  attack: Attack,
  { urls }: Place,
  claimId: string,
  uids: Set<string>,
): Promise<void> {
  for (const uid of uids) attack.released.add(uid);
  const path = `/v1/claims/${encodeURIComponent(claimId)}`;
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const answer = await call(urls[attempt % urls.length] ?? '', { method: 'DELETE', path });
    if (answer !== null && [200, 204, 404, 410].includes(answer.status)) return;
    await sleep(pauseMs);
  }
  count(attack, 'notReleased');
}

/** Repeats a claim at one replica after the other until it has a pod; null when it is given up. */
async function insist(
  attack: Attack,
  options: { method: string; path: string; body: object; urls: string[]; start: number },
): Promise<string | null> {
  const { urls, start } = options;
  let code = '';
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const answer = await call(urls[(start + attempt) % urls.length] ?? '', options);
    if (answer?.body.pod !== undefined) return answer.body.pod.uid;
    code = answer?.body.code ?? 'noAnswer';
    if (answer !== null && answer.status < 500 && answer.status !== 429) break;
    await sleep(pauseMs);
  }
  count(attack, code);
  return null;
}

/** One request; null when the replica is not there or dies under it. */
async function call(
  url: string,
  { method, path, body }: { method: string; path: string; body?: object },
): Promise<Answer | null> {
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(requestMs),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
    };
  } catch (error) {
    assert.ok(error instanceof Error);
    return null;
  }
}

function count(attack: Attack, code: string): void {
  attack.failures.set(code, (attack.failures.get(code) ?? 0) + 1);
}
