import assert from 'node:assert/strict';
import { fromStatus, toKubernetesError } from '../../src/kubernetes/kubernetes-error.ts';

describe('the error of a Kubernetes call', () => {
  const answers = [
    { code: 400, kind: 'invalid' },
    { code: 401, kind: 'unauthorized' },
    { code: 403, kind: 'forbidden' },
    { code: 403, message: 'pods "a" is forbidden: exceeded quota: q', kind: 'quota' },
    // A quota that was made a moment ago refuses every pod until it has been counted for once; the
    // template was charged with it.
    { code: 403, message: 'pods "a" is forbidden: status unknown for quota: q', kind: 'quota' },
    { code: 404, kind: 'notFound' },
    { code: 409, reason: 'AlreadyExists', kind: 'alreadyExists' },
    { code: 409, reason: 'Conflict', kind: 'conflict' },
    { code: 410, kind: 'gone' },
    { code: 413, kind: 'invalid' },
    { code: 422, kind: 'invalid' },
    { code: 429, kind: 'throttled' },
    { code: 500, kind: 'unavailable' },
    { code: 504, kind: 'unavailable' },
  ];
  for (const { code, kind, ...status } of answers) {
    it(`is ${kind} for ${code} ${status.reason ?? status.message ?? ''}`, () => {
      const error = fromStatus({ code, body: JSON.stringify(status) });
      assert.deepEqual([error.kind, error.code], [kind, code]);
    });
  }

  it('carries the message of the API server', () => {
    assert.equal(fromStatus({ code: 422, body: { message: 'no' } }).message, 'no');
  });

  it('shows what a proxy said that does not speak JSON, and the code when nothing was said', () => {
    assert.equal(fromStatus({ code: 502, body: 'bad gateway' }).message, 'bad gateway');
    assert.equal(fromStatus({ code: 401, body: undefined }).message, 'the API server answered 401');
  });

  it('carries Retry-After in milliseconds, and null when it is no number', () => {
    const retryAfterMs = (retryAfter?: string): number | null =>
      fromStatus({ code: 429, body: '', retryAfter }).retryAfterMs;
    assert.equal(retryAfterMs('2'), 2000);
    assert.equal(retryAfterMs('soon'), null);
    assert.equal(retryAfterMs(), null);
  });

  it('is unavailable without a code when no answer came, and names the cause', () => {
    const raised = new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') });
    const error = toKubernetesError(raised);
    assert.deepEqual([error.kind, error.code], ['unavailable', null]);
    assert.match(error.message, /fetch failed: ECONNREFUSED/);
  });

  it('stays the same error when it is read twice', () => {
    const error = fromStatus({ code: 404, body: '' });
    assert.equal(toKubernetesError(error), error);
  });
});
