/**
 * What a CPU profile of V8 says: who calls whom, and where the time goes. Each thread of a process writes
 * one of its own. Waiting counts for nothing: shares are of the time in which the thread was at work.
 */
import { z } from 'zod';

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  startTime: z.number(),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

type CallFrame = z.infer<typeof profileSchema>['nodes'][number]['callFrame'];

/** A function as it was called by one path of callers, all its calls by that path together. */
export interface Frame {
  /** Its name, or its place in the file where it has none. */
  name: string;
  /** Where it is from; see `originOf`. */
  origin: string;
  /** Time in it and in what it called. */
  totalMs: number;
  /** Time in itself. */
  selfMs: number;
  children: Frame[];
}

/** Reads a profile; raises for what is none. What came in its first `fromSeconds` is left out. */
export function readCpuProfile(text: string, fromSeconds: number): Frame {
  const { nodes, startTime, samples, timeDeltas } = profileSchema.parse(JSON.parse(text));
  const selfMs = new Map<number, number>();
  const fromAt = startTime + fromSeconds * 1e6;
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    if (at < fromAt) continue;
    // A sample stands for the time until the next one.
    const lengthMs = Math.max(0, timeDeltas[index + 1] ?? 0) / 1000;
    selfMs.set(id, (selfMs.get(id) ?? 0) + lengthMs);
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  // V8 may list one function several times under its caller.
  const build = (ids: number[]): Frame => {
    const [first] = ids;
    const of = ids.flatMap((id) => byId.get(id) ?? []);
    const { callFrame } = of[0] ?? raiseUnknown(first);
    const groups = new Map<string, number[]>();
    for (const child of of.flatMap(({ children = [] }) => children)) {
      const frame = byId.get(child)?.callFrame ?? raiseUnknown(child);
      if (frame.functionName === '(idle)') continue;
      const key = `${nameOf(frame)} ${frame.url}`;
      groups.set(key, [...(groups.get(key) ?? []), child]);
    }
    const children = [...groups.values()].map(build);
    const mine = ids.reduce((sum, id) => sum + (selfMs.get(id) ?? 0), 0);
    return {
      ...{ name: nameOf(callFrame), origin: originOf(callFrame), selfMs: mine, children },
      totalMs: children.reduce((sum, { totalMs }) => sum + totalMs, mine),
    };
  };
  const [root] = nodes;
  return build(root === undefined ? [] : [root.id]);
}

function raiseUnknown(id: number | undefined): never {
  throw new Error(`Expected the profile to have a node ${id ?? 'to begin with'}, got none`);
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  if (functionName !== '') return functionName;
  return url === '' ? '(native)' : `(${url.split('/').at(-1) ?? ''}:${lineNumber + 1})`;
}

/**
 * A package, `node` for what comes with Node, `native` for what is no JavaScript, `src/FOLDER` for ours,
 * `workflows` for what runs in the sandbox, and the kinds of time that V8 tells of.
 */
export function originOf({ functionName, url }: CallFrame): string {
  if (functionName === '(garbage collector)') return 'garbage collector';
  if (functionName === '(program)') return 'V8';
  if (url === '') return 'native';
  if (url.startsWith('node:')) return 'node';
  const [, packageName] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (packageName !== undefined) return packageName;
  if (url.includes('workflow-bundle')) return 'workflows';
  const [, folder] = /\/((?:src|dist|dev|bench)\/[^/]+)\//.exec(url) ?? [];
  return folder ?? (url.startsWith('wasm:') ? 'wasm' : 'other');
}

/** Time of their own, by a name given to each; the largest first. */
export function selfTimes(
  root: Frame,
  keyOf: (frame: Frame) => string,
): { key: string; selfMs: number }[] {
  const byKey = new Map<string, number>();
  const add = (frame: Frame): void => {
    byKey.set(keyOf(frame), (byKey.get(keyOf(frame)) ?? 0) + frame.selfMs);
    frame.children.forEach(add);
  };
  add(root);
  return [...byKey]
    .map(([key, selfMs]) => ({ key, selfMs }))
    .filter(({ selfMs }) => selfMs > 0)
    .toSorted((a, b) => b.selfMs - a.selfMs);
}
