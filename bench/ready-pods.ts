/** Waits until a number of pods has been seen Ready, by a watch of the benchmark's own. */
import { isReady, type BareCluster } from './bare-cluster.ts';

/** A fill of 1,000 pods took 20 s at worst; ten times that is a fill that has stopped. */
const fillDeadlineMs = 200_000;

/** A watch that counts. */
export interface ReadyPods {
  /** Resolves to the instant (`performance.now()`) of the last of them; raises after 200 s. */
  all(): Promise<number>;
  stop(): void;
}

/** Starts counting the pods that match a selector, told apart by uid; resolves once it watches. */
export async function countReadyPods(options: {
  bare: BareCluster;
  namespace: string;
  selector: string;
  pods: number;
}): Promise<ReadyPods> {
  const { bare, namespace, selector, pods } = options;
  const ready = new Set<string>();
  const complete = Promise.withResolvers<number>();
  // Nobody may be waiting yet when the watch ends early; `all` raises it then.
  complete.promise.catch(() => undefined);
  const end = await bare.watchPods({
    namespace,
    selector,
    onChange: (type, pod) => {
      if (type === 'DELETED' || !isReady(pod)) return;
      ready.add(pod.metadata?.uid ?? '');
      if (ready.size === pods) complete.resolve(performance.now());
    },
    onEnd: (error) => complete.reject(error),
  });
  return {
    async all() {
      const late = setTimeout(() => {
        const seen = `${ready.size} of ${pods} pods were Ready after ${fillDeadlineMs / 1000} s`;
        complete.reject(new Error(seen));
      }, fillDeadlineMs);
      try {
        return await complete.promise;
      } finally {
        clearTimeout(late);
      }
    },
    stop: end,
  };
}
