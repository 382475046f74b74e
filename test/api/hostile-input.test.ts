import assert from 'node:assert/strict';
import fc from 'fast-check';
import { problemCodes } from '../../src/client/wire/problem-codes.ts';
import { startApi, withApi, type ApiUnderTest } from './api-under-test.ts';
import { sendRaw } from './raw-request.ts';

const claimPath = '/v1/pools/small/claims';

describe('input that is wrong or hostile', () => {
  let api: ApiUnderTest;

  before(async () => {
    api = await startApi();
  });
  after(() => api.server.stop());

  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));
  const bodies: [string, unknown, string][] = [
    ['a list', [], 'body'],
    ['a number', 3, 'body'],
    ['an unknown field', { pod: 'mine' }, 'pod'],
    ['a claimId that is empty', { claimId: '' }, 'claimId'],
    ['a claimId of 201 characters', { claimId: 'a'.repeat(201) }, 'claimId'],
    ['a claimId with a newline', { claimId: 'a\nb' }, 'claimId'],
    ['a claimId with NUL', { claimId: 'a\0' }, 'claimId'],
    ['a claimId that is not ASCII', { claimId: 'ä' }, 'claimId'],
    ['a claimId of the API', { claimId: 'auto-1' }, 'claimId'],
    ['a claimId that means a folder', { claimId: '..' }, 'claimId'],
    ['a number in quotes', { waitSeconds: '3' }, 'waitSeconds'],
    ['a wait below 0', { waitSeconds: -1 }, 'waitSeconds'],
    ['a wait above 300', { waitSeconds: 301 }, 'waitSeconds'],
    ['a wait of half a second', { waitSeconds: 0.5 }, 'waitSeconds'],
    ['no lease at all', { leaseSeconds: 0 }, 'leaseSeconds'],
    ['a lease of more than a week', { leaseSeconds: 604_801 }, 'leaseSeconds'],
    ['a holder of two lines', { holder: 'a\nb' }, 'holder'],
    ['a holder with an escape', { holder: '\u001b[31m' }, 'holder'],
    ['a holder of 201 characters', { holder: 'ö'.repeat(201) }, 'holder'],
    ['labels that are a list', { labels: [] }, 'labels'],
    ['a reserved key', { labels: { 'pilotlight.dev/state': 'unclaimed' } }, 'labels'],
    ['the managed-by key', { labels: { 'app.kubernetes.io/managed-by': 'x' } }, 'labels'],
    [
      'a key that the claim writes',
      { annotations: { 'karpenter.sh/do-not-disrupt': 'false' } },
      'annotations',
    ],
    ['a key without a name', { labels: { 'example.com/': 'x' } }, 'labels'],
    ['a key with two slashes', { labels: { 'a/b/c': 'x' } }, 'labels'],
    ['a key of 64 characters', { labels: { ['a'.repeat(64)]: 'x' } }, 'labels'],
    [
      'a prefix of 254 characters',
      { labels: { [`${'a'.repeat(63)}.`.repeat(4) + '/x']: 'x' } },
      'labels',
    ],
    ['17 labels', { labels: many(17) }, 'labels'],
    ['a label of 64 characters', { labels: { app: 'a'.repeat(64) } }, 'labels["app"]'],
    ['a label with a space', { labels: { app: 'a b' } }, 'labels["app"]'],
    ['an annotation that is no text', { annotations: { a: 3 } }, 'annotations["a"]'],
    [
      'an annotation of 1,025 characters',
      { annotations: { a: 'x'.repeat(1_025) } },
      'annotations["a"]',
    ],
    ['an annotation with NUL', { annotations: { a: '\0' } }, 'annotations["a"]'],
  ];
  for (const [what, json, field] of bodies) {
    it(`refuses ${what}, naming field, expected and given`, async () => {
      const { status, problem } = await api.send(claimPath, { method: 'POST', json });
      assert.equal(status, 400);
      assert.equal(problem.code, 'badRequest');
      assert.equal(problem.field, field);
      assert.ok((problem.given ?? '').length <= 100);
      assert.match(problem.detail, /^Expected `.*` to be .*, got .*\.$/);
    });
  }

  it('takes the longest and the most of everything', async () => {
    const prefix = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    const json = {
      claimId: '~'.repeat(200),
      waitSeconds: 300,
      leaseSeconds: 604_800,
      holder: '𝕏'.repeat(200),
      labels: { ...many(15), [`${prefix}/${'n'.repeat(63)}`]: 'v'.repeat(63) },
      annotations: Object.fromEntries(Object.keys(many(16)).map((key) => [key, '𝕏'.repeat(1_024)])),
    };
    const { status, problem } = await api.send(claimPath, { method: 'POST', json });
    assert.equal(status, 201, problem.detail);
  });

  const requests: [string, string, RequestInit & { json?: unknown }, keyof typeof problemCodes][] =
    [
      ['JSON that does not parse', claimPath, json('{'), 'badRequest'],
      ['JSON that sets a prototype', claimPath, json('{"__proto__":{"x":1}}'), 'badRequest'],
      ['an empty body that is called JSON', claimPath, json(''), 'badRequest'],
      [
        'a form',
        claimPath,
        typed('application/x-www-form-urlencoded', 'a=b'),
        'unsupportedMediaType',
      ],
      [
        'a body without a type',
        claimPath,
        { method: 'POST', body: new Uint8Array(3) },
        'unsupportedMediaType',
      ],
      ['a body above 96 KiB', claimPath, json(' '.repeat(98_305)), 'payloadTooLarge'],
      [
        'a document above 2 MB',
        '/v1/pools/small',
        { ...json(' '.repeat(2_000_001)), method: 'PUT' },
        'payloadTooLarge',
      ],
      [
        'a picture for a document',
        '/v1/pools/small',
        { ...typed('image/png', 'x'), method: 'PUT' },
        'unsupportedMediaType',
      ],
      ['a pool in capitals', '/v1/pools/SMALL/claims', { method: 'POST' }, 'badRequest'],
      [
        'a pool that climbs folders',
        '/v1/pools/..%2F..%2Fetc/claims',
        { method: 'POST' },
        'badRequest',
      ],
      [
        'a target in quotes',
        '/v1/pools/small/target',
        { method: 'PUT', json: { target: '3' } },
        'badRequest',
      ],
      [
        'a target below 0',
        '/v1/pools/small/target',
        { method: 'PUT', json: { target: -1 } },
        'badRequest',
      ],
      [
        'a reason of two lines',
        '/v1/claims/job-1?reason=a%0Ab',
        { method: 'DELETE' },
        'badRequest',
      ],
      ['an unknown query', '/v1/claims?labels=a', {}, 'badRequest'],
      ['an escape that is none', '/v1/claims/%zz', {}, 'badRequest'],
      ['a claimId of 201 characters in a path', `/v1/claims/${'a'.repeat(201)}`, {}, 'badRequest'],
      ['a claimId of control characters', '/v1/claims/%00%1b', {}, 'badRequest'],
      ['a URL of more than 2,048 bytes', `/v1/claims?pool=${'a'.repeat(2_048)}`, {}, 'uriTooLong'],
      ['a path that is none', '/v2', {}, 'notFound'],
      [
        'a method that the path does not take',
        '/v1/claims/job-1',
        { method: 'PATCH' },
        'methodNotAllowed',
      ],
    ];
  for (const [what, path, options, code] of requests) {
    it(`answers ${what} with ${code}`, async () => {
      const { status, headers, problem } = await api.send(path, options);
      assert.equal(problem.code, code, problem.detail);
      assert.equal(status, problemCodes[code].status);
      assert.equal(headers.get('content-type'), 'application/problem+json');
    });
  }

  it('names the methods that a path takes', async () => {
    const { headers } = await api.send('/v1/pools/small', { method: 'POST', body: 'x' });
    assert.equal(headers.get('allow'), 'DELETE, GET, HEAD, PUT');
  });

  it('answers any JSON whatever with 201 or a problem, never with a fault', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 300 }));
    const body = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom(
          'claimId',
          'waitSeconds',
          'leaseSeconds',
          'holder',
          'labels',
          'annotations',
        ),
        value,
      ),
      fc.record({ labels: fc.dictionary(fc.string({ unit: 'binary' }), value, { maxKeys: 20 }) }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (json) => {
        const { status, problem } = await api.send(claimPath, { method: 'POST', json });
        if (status !== 201) assert.deepEqual([status, problem.code], [400, 'badRequest']);
      }),
      { numRuns: 100 },
    );
  });

  it('survives random bytes, and answers them as no request', async () => {
    const alphabet = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.constant(null));
    await fc.assert(
      fc.asyncProperty(alphabet, async (bytes) => {
        const sent = bytes === null ? 'GET /\u0000 HTTP/1.1\r\n\r\n' : Buffer.from(bytes);
        const answer = await sendRaw(api.port, sent, 50);
        if (answer !== '') assert.match(answer, /^HTTP\/1\.1 400 [^]*"code":"badRequest"/);
      }),
      { numRuns: 40 },
    );
    assert.equal((await api.send('/healthz')).status, 200);
  });

  it('answers a flood of headers with headersTooLarge and closes', async () => {
    const flood = Array.from({ length: 3_000 }, (_, index) => `x-${index}: y`).join('\r\n');
    const answer = await sendRaw(
      api.port,
      `GET /healthz HTTP/1.1\r\nhost: localhost\r\n${flood}\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 431 [^]*"code":"headersTooLarge"/);
  });

  it('refuses two lengths of one body, by which requests are smuggled', async () => {
    const head = `POST ${claimPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    const answer = await sendRaw(
      api.port,
      `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 /);
  });

  it('answers pipelined requests in their order', async () => {
    const pools = Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? 'small' : 'none'));
    const requests = pools.map(
      (pool) => `GET /v1/pools/${pool} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    );
    const answer = await sendRaw(api.port, requests.join(''), 500);
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    assert.deepEqual(
      statuses,
      pools.map((pool) => (pool === 'small' ? '200' : '404')),
    );
  });

  it('cuts off headers and bodies that do not come to an end', async () => {
    const timeouts = {
      headersTimeoutMs: 200,
      requestTimeoutMs: 200,
      connectionsCheckingIntervalMs: 50,
    };
    await withApi({ timeouts }, async ({ port }) => {
      const startedAtMs = performance.now();
      const [headers, body] = await Promise.all([
        sendRaw(port, 'GET /healthz HTTP/1.1\r\nhost: local'),
        sendRaw(
          port,
          `POST ${claimPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
        ),
      ]);
      assert.ok(performance.now() - startedAtMs < 1_500);
      for (const answer of [headers, body]) {
        assert.match(answer, /^HTTP\/1\.1 408 [^]*"code":"requestTimeout"/);
      }
    });
  });
});

function json(body: string): RequestInit {
  return typed('application/json', body);
}

function typed(type: string, body: string): RequestInit {
  return { method: 'POST', body, headers: { 'content-type': type } };
}
