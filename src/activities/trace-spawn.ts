/**
 * What a spawn tells a trace of its own: one for each attempt, with the creation and the wait as parts.
 * Nobody calls a spawn, so there is no caller whose trace it could go on with.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { SpawnResult } from '../pool/actions.ts';
import type { PodView } from '../pool/pod-view.ts';
import type { Span, Tracer } from '../tracing/span.ts';
import { traced } from '../tracing/traced.ts';
import type { ActivityMetrics } from './activity-metrics.ts';

/** Begins the trace of an attempt. */
export function startSpawnSpan(
  tracer: Tracer,
  { pool, namespace, podName, templateHash }: Record<SpawnName, string>,
): Span {
  return tracer.start({
    name: 'spawnPod',
    facts: {
      'pilotlight.pool': pool,
      'pilotlight.template': templateHash,
      'pilotlight.spawn.attempt': Context.current().info.attempt,
      'k8s.namespace.name': namespace,
      'k8s.pod.name': podName,
    },
  });
}

type SpawnName = 'pool' | 'namespace' | 'podName' | 'templateHash';

/** Finds or creates the pod as a part of the spawn. */
export function traceCreate(
  span: Span,
  work: () => Promise<PodView | SpawnResult>,
): Promise<PodView | SpawnResult> {
  return traced({
    span: span.child({ name: 'create pod', kind: 'client' }),
    work,
    tell: (found) => ({ 'pilotlight.outcome': 'outcome' in found ? found.outcome : 'exists' }),
    faultOf,
  });
}

/** Does the work of a span that ends as a spawn does. */
export function traceSpawn(span: Span, work: () => Promise<SpawnResult>): Promise<SpawnResult> {
  return traced({
    span,
    work,
    tell: ({ outcome }) => ({ 'pilotlight.outcome': outcome }),
    faultOf,
  });
}

/** Marks on a span what is counted of a start: scheduled, pulled, ready. */
export function notingPhases(
  span: Span,
  metrics: Pick<ActivityMetrics, 'observeStart'>,
): Pick<ActivityMetrics, 'observeStart'> {
  return {
    observeStart(pool, phase, elapsedMs) {
      metrics.observeStart(pool, phase, elapsedMs);
      span.note(phase);
    },
  };
}

/** `PodFailed: Unschedulable`, `ClusterUnavailable`, `CancelledFailure`: the kind, never the message. */
function faultOf(error: unknown): string {
  if (!(error instanceof ApplicationFailure))
    return error instanceof Error ? error.name : 'internal';
  const type = error.type ?? 'internal';
  const [reason] = error.nonRetryable === true ? (error.details ?? []) : [];
  return typeof reason === 'string' ? `${type}: ${reason}` : type;
}
