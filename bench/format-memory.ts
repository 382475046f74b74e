import type { Memory } from './memory.ts';

/** In one line, the largest process first. */
export function formatMemory(memory: Memory): string {
  const largestFirst = Object.entries(memory).sort(([, a], [, b]) => b - a);
  return largestFirst.map(([name, mb]) => `${name} ${mb} MB`).join(', ');
}
