import type { Resource } from './resources.ts';
import { qualifiedName } from './resources.ts';

/** One reason why an object is invalid, as `details.causes` of a Status carries it. */
export interface Cause {
  reason: 'FieldValueRequired' | 'FieldValueInvalid' | 'FieldValueForbidden';
  field: string;
  message: string;
}

interface StatusErrorOptions {
  code: number;
  reason: string;
  message: string;
  details?: Record<string, unknown>;
}

/** A request that is refused; answered as a Kubernetes `Status` with the HTTP code `code`. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: Record<string, unknown> | undefined;

  constructor({ code, reason, message, details }: StatusErrorOptions) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** The body of the answer. */
  toStatus(): Record<string, unknown> {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details && { details: this.details }),
      code: this.code,
    };
  }
}

/** 400 for a request that cannot be read. */
export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: 'BadRequest', message });
}

/** 403 for an object that admission does not let in. */
export function forbidden(resource: Resource, name: string, why: string): StatusError {
  const message = `${qualifiedName(resource)} "${name}" is forbidden: ${why}`;
  const details = { name, group: resource.group, kind: resource.plural };
  return new StatusError({ code: 403, reason: 'Forbidden', message, details });
}

/** 404 for an object that is not there. */
export function notFound(resource: Resource, name: string): StatusError {
  const message = `${qualifiedName(resource)} "${name}" not found`;
  const details = { name, group: resource.group, kind: resource.plural };
  return new StatusError({ code: 404, reason: 'NotFound', message, details });
}

/** 409 for a name that is taken. */
export function alreadyExists(resource: Resource, name: string): StatusError {
  const message = `${qualifiedName(resource)} "${name}" already exists`;
  const details = { name, group: resource.group, kind: resource.plural };
  return new StatusError({ code: 409, reason: 'AlreadyExists', message, details });
}

/** 409 for a precondition or a resourceVersion that no longer holds. */
export function conflict(resource: Resource, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`;
  const details = { name, group: resource.group, kind: resource.plural };
  return new StatusError({ code: 409, reason: 'Conflict', message, details });
}

/** 422 for an object whose fields break the rules. */
export function invalid(resource: Resource, name: string, causes: Cause[]): StatusError {
  const reasons = causes.map(({ field, message }) => `${field}: ${message}`);
  const list = reasons.length === 1 ? (reasons[0] ?? '') : `[${reasons.join(', ')}]`;
  const message = `${resource.kind} "${name}" is invalid: ${list}`;
  const details = { name, group: resource.group, kind: resource.kind, causes };
  return new StatusError({ code: 422, reason: 'Invalid', message, details });
}

/** 422 for a JSON patch that does not apply; the real server gives no more than this sentence. */
export function patchRefused(): StatusError {
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
  });
}

/** 410 for a version or continue token that the server no longer remembers. */
export function expired(message: string): StatusError {
  return new StatusError({ code: 410, reason: 'Expired', message });
}
