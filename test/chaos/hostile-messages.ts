/** Messages to a pool that make no sense, of which each must be refused and none may block it (P8). */

/** A signal as it is on the wire. */
export interface HostileMessage {
  signalName: string;
  payload: { metadata: Record<string, Uint8Array>; data: Uint8Array };
}

function message(signalName: string, data: string, encoding = 'json/plain'): HostileMessage {
  const metadata = { encoding: Buffer.from(encoding) };
  return { signalName, payload: { metadata, data: Buffer.from(data) } };
}

const pod = { name: '__proto__', uid: 'u', version: '1', ready: 'yes' };

/** One of each kind of nonsense. */
export const hostileMessages: readonly HostileMessage[] = [
  message('setTarget', '"nine"'),
  message('setTarget', '{"target":-1}'),
  message('setTarget', '1e99'),
  message('setTarget', '{"target":'),
  message('setTarget', 'x', 'binary/encrypted'),
  message('podsChanged', 'null'),
  message('podsChanged', '{"cluster":"c","version":"1.5","pods":[],"gone":[],"complete":true}'),
  message(
    'podsChanged',
    JSON.stringify({ cluster: 'c', version: '9', pods: [pod], gone: [], complete: true }),
  ),
  message('podsChanged', JSON.stringify({ pods: Array.from({ length: 3_000 }, () => pod) })),
  message('podsChanged', '\xff', 'binary/protobuf'),
  message('demandChanged', '{"replica":"x","waiting":-5,"version":"1","expiresAtMs":1e15}'),
  message('demandChanged', '{"replica":"","waiting":1e9,"version":"nine","expiresAtMs":"soon"}'),
  message('demandChanged', '[]'),
  message('pause2', '{}'),
  message('__temporal_unknown', '{}'),
];
