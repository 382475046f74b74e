/** Checks what a workflow is started with. */
import { ApplicationFailure } from '@temporalio/common';
import { isNamespace, isPoolName } from '../pool/names.ts';
import { repairPoolLabels } from '../pool/pool-labels.ts';
import { show } from '../pool/show.ts';
import { checkPoolSpec, describeErrors, repairPoolSpec } from '../pool/spec.ts';
import type { PoolWorkflowInput, WatchWorkflowInput } from './messages.ts';
import { UnreadablePayload } from './payload-converter.ts';

/**
 * What a pool is started with, checked. Raises `BadInput`, which ends the workflow as failed: with no
 * pool to look after it could only be tried again for ever.
 *
 * A run that goes on from another is given what that run had accepted. An older release may have had
 * other limits, so such a spec is repaired, never refused.
 */
export function readPoolInput(input: unknown): PoolWorkflowInput {
  const { pool, namespace, spec, upsertSearchAttributes, labels, carried } = fieldsOf(input);
  if (!isPoolName(pool)) throw badInput('pool', 'the name of a pool', pool);
  if (!isNamespace(namespace)) throw badInput('namespace', 'a Kubernetes namespace', namespace);
  const checked = checkPoolSpec(spec);
  const read = checked.ok ? checked.spec : carried === undefined ? null : repairPoolSpec(spec);
  if (read === null) {
    const errors = checked.ok ? [] : checked.errors;
    throw ApplicationFailure.nonRetryable(describeErrors(errors), 'BadInput');
  }
  return {
    ...{ pool, namespace, spec: read, labels: repairPoolLabels(labels), carried },
    upsertSearchAttributes: upsertSearchAttributes === true,
  };
}

/** What a watch is started with, checked. Raises `BadInput`. */
export function readWatchInput(input: unknown): WatchWorkflowInput {
  const { namespace } = fieldsOf(input);
  if (!isNamespace(namespace)) throw badInput('namespace', 'a Kubernetes namespace', namespace);
  return { namespace };
}

function fieldsOf(input: unknown): Record<string, unknown> {
  // A worker without the key must not end a pool that another one can read: its task fails and is
  // tried again until a worker has the key.
  if (input instanceof UnreadablePayload && input.isEncrypted) {
    throw new Error(`Expected \`input\` to be readable, got ${input.toJSON()}`);
  }
  if (typeof input === 'object' && input !== null) return input as Record<string, unknown>;
  throw badInput('input', 'an object', input);
}

function badInput(field: string, expected: string, given: unknown): ApplicationFailure {
  const message = `Expected \`${field}\` to be ${expected}, got ${show(given)}`;
  return ApplicationFailure.nonRetryable(message, 'BadInput');
}
