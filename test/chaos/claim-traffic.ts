/** Clients that claim all the time while things go wrong, and remember what they were promised. */
import { setTimeout as sleep } from 'node:timers/promises';
import { choicesOf, type Choices } from './random-choices.ts';

/** A pod that a client was given. */
interface Promised {
  claimId: string;
  uid: string;
  podName: string;
  /** Pods that the same claimId was given later: rightly so once the first was harmed. */
  laterUids: string[];
  /** The latest end of its lease that an answer named. */
  leaseEndsAtMs: number;
}

/** What the clients saw. */
export interface Traffic {
  /** Granted claims, by claimId. */
  promised: Map<string, Promised>;
  /** Claims that ended without a pod for their client, each of which may have raised the demand by one. */
  unserved: number;
  /** uids of pods that a client began to release. */
  released: Set<string>;
  /** Claims that were given another pod than `uid`, which they had. */
  contradictions: { uid: string; message: string }[];
  /** How often each answer came, by status and code. */
  answers: Map<string, number>;
}

/** A request that is not answered by then is repeated by the client. */
const requestMs = 8_000;

/** A client asks so often, with pauses: longer than any one outage. */
const maxTries = 12;
const pauseMs = 400;

interface Answer {
  status: number;
  code: string;
  claimId: string;
  pod: { uid: string; name: string } | null;
  leaseEndsAtMs: number;
}

interface Client {
  urls: string[];
  traffic: Traffic;
  choices: Choices;
}

/** Runs clients until it is over; resolves once each has finished what it was at. */
export async function runTraffic(options: {
  urls: string[];
  pools: string[];
  clients: number;
  seed: number;
  isOver: () => boolean;
}): Promise<Traffic> {
  const { urls, pools, clients, seed, isOver } = options;
  const traffic: Traffic = {
    promised: new Map(),
    unserved: 0,
    released: new Set(),
    contradictions: [],
    answers: new Map(),
  };
  await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      const choices = choicesOf(seed * 1_000 + index);
      const client = { urls, traffic, choices };
      for (let round = 0; !isOver(); round += 1) {
        const pool = choices.of(pools);
        const isNamed = choices.percent(70);
        await claimOnce(client, pool, isNamed ? `c${index}-${round}` : null);
        await sleep(choices.whole(0, 600));
      }
    }),
  );
  return traffic;
}

/** Claims a pod, maybe claims it again elsewhere, renews it, and releases or forgets it. */
async function claimOnce(client: Client, pool: string, name: string | null): Promise<void> {
  const { traffic, choices } = client;
  const body = {
    ...(name !== null && { claimId: name }),
    waitSeconds: choices.whole(0, 4),
    leaseSeconds: choices.whole(5, 12),
  };
  const claim = { method: 'POST', path: `/v1/pools/${pool}/claims`, body };
  const granted = await insist(client, claim, name === null ? 1 : maxTries);
  if (!granted?.pod) {
    traffic.unserved += 1;
    return;
  }
  const { claimId } = granted;
  remember(traffic, granted);
  if (name !== null && choices.percent(30)) {
    const again = await call(client, claim);
    if (again?.pod) remember(traffic, again);
  }
  await sleep(choices.whole(0, 1_500));
  const path = `/v1/claims/${claimId}`;
  if (choices.percent(40)) {
    const renewed = await call(client, { method: 'POST', path: `${path}/renew`, body: {} });
    if (renewed?.status === 200 && renewed.pod !== null) remember(traffic, renewed);
    await sleep(choices.whole(0, 1_500));
  }
  // Some holders die: their pods end with their leases.
  if (choices.percent(20)) return;
  for (const uid of traffic.promised.get(claimId)?.laterUids ?? []) traffic.released.add(uid);
  traffic.released.add(granted.pod.uid);
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const answer = await call(client, { method: 'DELETE', path });
    if (answer !== null && [200, 204, 404, 410].includes(answer.status)) return;
    await sleep(pauseMs);
  }
}

function remember(traffic: Traffic, { claimId, pod, leaseEndsAtMs }: Answer): void {
  if (pod === null) return;
  const known = traffic.promised.get(claimId);
  if (known !== undefined && known.uid !== pod.uid) {
    const message = `${claimId} was given ${known.podName} and ${pod.name} (P2)`;
    traffic.contradictions.push({ uid: known.uid, message });
    known.laterUids.push(pod.uid);
    return;
  }
  traffic.promised.set(claimId, {
    ...{ claimId, uid: pod.uid, podName: pod.name, laterUids: known?.laterUids ?? [] },
    leaseEndsAtMs: Math.max(leaseEndsAtMs, known?.leaseEndsAtMs ?? 0),
  });
}

/** Repeats a claim at any replica until it has a pod, is refused for good, or is given up. */
async function insist(client: Client, request: Request, tries: number): Promise<Answer | null> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const answer = await call(client, request);
    if (answer?.pod) return answer;
    if (answer !== null && answer.status < 500 && answer.status !== 429) return null;
    await sleep(pauseMs);
  }
  return null;
}

interface Request {
  method: string;
  path: string;
  body?: object;
}

/** One request to a replica chosen at random; null when it does not answer. */
async function call({ urls, traffic, choices }: Client, request: Request): Promise<Answer | null> {
  const { method, path, body } = request;
  const count = (what: string): void => {
    traffic.answers.set(what, (traffic.answers.get(what) ?? 0) + 1);
  };
  try {
    const response = await fetch(`${choices.of(urls)}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(requestMs),
    });
    const text = await response.text();
    const read = (text === '' ? {} : JSON.parse(text)) as {
      code?: string;
      claimId?: string;
      pod?: Answer['pod'];
      lease?: { expiresAt: string } | null;
    };
    count(`${method} ${response.status} ${read.code ?? ''}`.trim());
    return {
      status: response.status,
      code: read.code ?? '',
      claimId: read.claimId ?? '',
      pod: response.ok ? (read.pod ?? null) : null,
      leaseEndsAtMs: Date.parse(read.lease?.expiresAt ?? '') || 0,
    };
  } catch {
    // The replica is not there, or died under it: what every client has to expect here.
    count(`${method} no answer`);
    return null;
  }
}
