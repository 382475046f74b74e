/** Faults that real pools had, planted in our sources: what tests and chaos must notice. */

/** One line of a source file, and what is planted in its place. */
export interface PlantedFault {
  /** The scenario of docs/scenarios.md that it breaks, and what goes wrong. */
  story: string;
  /** Path from the project's root. */
  file: string;
  line: string;
  instead: string;
}

export const plantedFaults: readonly PlantedFault[] = [
  {
    story: 'S01: a spawn that no worker answered is given up, and another pod is made for it',
    file: 'src/workflows/launch.ts',
    line: '(error: unknown) => settle(spawnVerdict(error)),',
    instead: "() => settle({ outcome: 'gone' }),",
  },
  {
    story:
      'S08: a pod is retired without the version it was judged at, whoever renews or claims it',
    file: 'src/kubernetes/pods.ts',
    line: 'preconditions: { uid, resourceVersion: pod.version }',
    instead: 'preconditions: { uid }',
  },
  {
    story: 'S14: what is being started is not counted, so that each plan starts it again',
    file: 'src/pool/begin.ts',
    line: ': newRecord(action, nowMs);',
    instead: ': undefined!;',
  },
  {
    story: 'S15: claims that were served go on counting as waiting',
    file: 'src/pool/demand.ts',
    line: 'served: known.served + 1',
    instead: 'served: known.served',
  },
  {
    story: 'S20: a delete that failed is taken for done, and its pod forgotten',
    file: 'src/workflows/launch.ts',
    line: "report({ kind: 'retire', podName, result: noVerdict(error) }),",
    instead: "error && report({ kind: 'retire', podName, result: { outcome: 'gone' } }),",
  },
  {
    story: 'S22: readings that come late are believed',
    file: 'src/pool/observe.ts',
    line: '!isNewer(pod, asked, known.pod.version)',
    instead: "pod.uid === ''",
  },
  {
    story: 'S23: a pool that starts anew makes its pods before it has looked which there are',
    file: 'src/pool/plan.ts',
    line: 'if (state.observed) {',
    instead: 'if (nowMs > 0) {',
  },
  {
    story: 'S26: a claim takes a pod whoever holds it',
    file: 'src/kubernetes/claim-pod.ts',
    line: "test(keyPath('labels', labels.state), podStates.unclaimed),",
    instead: '',
  },
  {
    story: 'S27: a claim whose pod is not Ready moves on, and its late answer takes a second pod',
    file: 'src/claims/claim-steps.ts',
    line: "return known.isNamed ? { do: 'deletePod', name, uid, version } : moveOn(known);",
    instead: 'return moveOn(known);',
  },
  {
    story: 'S69: a run that continues as new waits for activities that ended with the last one',
    file: 'src/pool/carry-state.ts',
    line: '({ ...record, tasks: [], retryAtMs: 0 })',
    instead: '({ ...record, retryAtMs: 0 })',
  },
];
