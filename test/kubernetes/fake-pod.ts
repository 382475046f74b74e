/** Pods as an API server sends them, for tests. */
import type { ReflectedObject } from '../../src/kubernetes/reflector.ts';
import { labels, managedByValue, podStates } from '../../src/pool/labels.ts';

export interface FakePod extends ReflectedObject {
  metadata: ReflectedObject['metadata'] & { labels: Record<string, string> };
  status: object;
}

/** A pod of pool `small`; its uid is `<name>-uid` unless given. */
export function fakePod(options: {
  name: string;
  version: string;
  uid?: string;
  ready?: boolean;
  state?: string;
  pool?: string;
}): FakePod {
  const { name, version, uid = `${name}-uid`, ready = false, pool = 'small' } = options;
  return {
    metadata: {
      name,
      uid,
      resourceVersion: version,
      labels: {
        [labels.pool]: pool,
        [labels.state]: options.state ?? podStates.unclaimed,
        [labels.managedBy]: managedByValue,
      },
    },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

/** A page of a list. */
export function podList(version: string, items: FakePod[], after?: string): object {
  return { metadata: { resourceVersion: version, ...(after && { continue: after }) }, items };
}
