import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLoopback } from '../../src/api/is-loopback.ts';
import { readConfiguration } from '../../src/api/configuration.ts';
import { Tokens } from '../../src/api/tokens.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';
import { exampleClaim, fakeClaims, startApi, type ApiUnderTest } from './api-under-test.ts';
import { sendRaw } from './raw-request.ts';

const sha256 = createHash('sha256').update('token-of-a-guest').digest('hex');
const file = `
- { name: root, token: token-of-the-admin, role: admin }
- { name: service, token: token-of-a-service, role: claim }
- { name: guest, sha256: ${sha256}, role: claim, pools: [large] }
- { name: keeper, token: token-of-a-keeper, role: admin, pools: [large] }
`;

describe('authorization', () => {
  let folder: string;
  let path: string;
  let troubles: string[];
  let tokens: Tokens;
  let api: ApiUnderTest;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-tokens-'));
    path = join(folder, 'tokens.yaml');
    troubles = [];
    await writeFile(path, file);
    tokens = await Tokens.open({
      path,
      onTrouble: (message) => troubles.push(message),
      lookEveryMs: 20,
    });
    api = await startApi({ tokens, claims: fakeClaims() });
  });
  after(async () => {
    tokens.close();
    await api.server.stop();
    await rm(folder, { recursive: true });
  });

  const as = (token: string, path: string, method = 'GET', json?: unknown) =>
    api.send(path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(json === undefined ? {} : { json }),
    });

  const refused: [string, string | null][] = [
    ['no token', null],
    ['a wrong token', 'Bearer token-of-a-stranger'],
    ['a token cut short', 'Bearer token-of-a-servic'],
    ['a token that goes on', 'Bearer token-of-a-service2'],
    ['an empty token', 'Bearer '],
    ['a hash instead of its token', `Bearer ${sha256}`],
    ['another scheme', `Basic ${Buffer.from('service:token-of-a-service').toString('base64')}`],
  ];
  for (const [what, authorization] of refused) {
    it(`answers ${what} with 401 before it looks at anything else`, async () => {
      const headers: Record<string, string> = authorization === null ? {} : { authorization };
      for (const route of ['/v1/claims/job-1', '/v1/claims?nonsense=1', '/metrics']) {
        const answer = await api.send(route, { headers });
        assert.equal(answer.status, 401);
        assert.equal(answer.problem.code, 'unauthorized');
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
      }
    });
  }

  it('takes the scheme in any case', async () => {
    const headers = { authorization: 'bearer token-of-a-service' };
    assert.equal((await api.send('/v1/pools', { headers })).status, 200);
  });

  it('lets keepers, and readers of the schema, in without a token', async () => {
    for (const route of ['/healthz', '/readyz', '/openapi.json']) {
      assert.equal((await api.send(route)).status, 200);
    }
    assert.equal((await api.send('/nothing')).status, 404);
  });

  it('keeps claimants from what is for admins', async () => {
    for (const [method, route, json] of [
      ['PUT', '/v1/pools/small/target', { target: 1 }],
      ['PUT', '/v1/pools/small', {}],
      ['DELETE', '/v1/pools/small', undefined],
    ] as const) {
      const answer = await as('token-of-a-service', route, method, json);
      assert.deepEqual([answer.status, answer.problem.code], [403, 'forbidden']);
      assert.ok((await as('token-of-the-admin', route, method, json)).status < 300);
    }
  });

  it('keeps a token with a list of pools from every other pool and its claims', async () => {
    for (const [method, route] of [
      ['POST', '/v1/pools/small/claims'],
      ['GET', '/v1/pools/small'],
      ['GET', '/v1/claims?pool=small'],
      ['GET', '/v1/claims/job-1'],
      ['POST', '/v1/claims/job-1/renew'],
      ['DELETE', '/v1/claims/job-1'],
      ['GET', '/metrics'],
    ] as const) {
      const answer = await as('token-of-a-guest', route, method);
      assert.deepEqual([answer.status, answer.problem.code], [403, 'forbidden'], route);
    }
    const target = await as('token-of-a-keeper', '/v1/pools/small/target', 'PUT', { target: 1 });
    assert.equal(target.status, 403);
    assert.equal((await as('token-of-a-guest', '/v1/pools/large/claims', 'POST')).status, 201);
  });

  it('lists only pools and claims that the token is for', async () => {
    const { pools } = (await as('token-of-a-guest', '/v1/pools')).body as { pools: unknown[] };
    assert.equal(pools.length, 1);
    const { claims } = (await as('token-of-a-guest', '/v1/claims')).body as { claims: unknown[] };
    assert.equal(claims.length, 1);
  });

  it('writes no token, body or claimId into its log', async () => {
    const json = { claimId: 'secret-claim', annotations: { note: 'secret-note' } };
    await as('token-of-a-service', '/v1/pools/small/claims', 'POST', json);
    await as('token-of-a-service', '/v1/claims/secret-claim');
    await as('token-of-a-stranger', '/v1/claims/secret-claim');
    const log = api.logged.join('');
    assert.match(log, /"caller":"service"/);
    assert.doesNotMatch(log, /token-of|secret-claim|secret-note/);
  });

  it('follows the file when it is swapped, and keeps the old tokens when the new file is broken', async () => {
    const swap = async (text: string): Promise<void> => {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    };
    await swap(`${file}- { name: new, token: token-of-the-new, role: claim }\n`);
    await eventually('the new token', () => tokens.find('token-of-the-new') !== null);
    await swap('- { name: new, token: token-of-the-new, role: king }\n');
    await eventually('a complaint', () => troubles.length === 1);
    assert.match(troubles[0] ?? '', /The tokens stay as they were: .* entry 1, role: /);
    assert.doesNotMatch(troubles[0] ?? '', /token-of/);
    assert.equal(tokens.find('token-of-the-new')?.name, 'new');
    await rm(path);
    await eventually('another complaint', () => troubles.length === 2);
    assert.equal(tokens.find('token-of-the-new')?.name, 'new');
    await writeFile(path, '- { name: root, token: token-of-the-admin, role: admin }\n');
    await eventually('the end of the new token', () => tokens.find('token-of-the-new') === null);
    await writeFile(path, file);
    await eventually('the old tokens', () => tokens.find('token-of-a-service') !== null);
  });

  const broken: [string, string, RegExp][] = [
    ['no list', 'name: root', /the file: /],
    ['an empty list', '[]', /the file: /],
    ['a short token', '[{ name: a, token: short, role: claim }]', /entry 1, token: /],
    ['neither token nor sha256', '[{ name: a, role: claim }]', /entry 1: Expected either/],
    ['a wrong role', '[{ name: a, token: 12345678, role: x }]', /entry 1, /],
    ['an unknown field', '[{ name: a, token: long-enough, role: claim, pool: a }]', /entry 1: /],
    [
      'a pool that can not be',
      '[{ name: a, token: long-enough, role: claim, pools: [A] }]',
      /entry 1, pools, 0/,
    ],
    [
      'one token twice',
      '[{ name: a, token: long-enough, role: claim }, { name: b, token: long-enough, role: admin }]',
      /got one twice/,
    ],
    ['YAML that does not parse', '[{ token: long-enough', /readable YAML/],
  ];
  for (const [what, text, expected] of broken) {
    it(`refuses a file with ${what}, without showing a token`, async () => {
      const wrong = join(folder, 'wrong.yaml');
      await writeFile(wrong, text);
      await assert.rejects(Tokens.open({ path: wrong, onTrouble: () => undefined }), (error) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /long-enough/);
        return true;
      });
    });
  }
});

describe('an API without tokens', () => {
  it('is refused on every address that is not loopback', () => {
    assert.equal(readConfiguration({}).host, '127.0.0.1');
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.example.com', '']) {
      assert.throws(() => readConfiguration({ PILOTLIGHT_API_HOST: host }), /PILOTLIGHT_/, host);
    }
    const PILOTLIGHT_TOKENS_FILE = '/tokens';
    const read = readConfiguration({ PILOTLIGHT_API_HOST: '0.0.0.0', PILOTLIGHT_TOKENS_FILE });
    assert.equal(read.tokensFile, '/tokens');
    assert.deepEqual(['127.0.0.1', '127.1.2.3', '::1', 'localhost'].map(isLoopback), [
      true,
      true,
      true,
      true,
    ]);
  });

  // A page on the internet may name a host of its own that resolves to 127.0.0.1: its scripts then
  // speak to this machine's servers as if they were the page's own.
  it('answers only to names of loopback, so that no page in a browser reaches it', async () => {
    const api = await startApi({
      claims: fakeClaims({ claim: () => Promise.resolve(exampleClaim()) }),
    });
    const ask = (host: string) =>
      sendRaw(api.port, `GET /v1/pools HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    for (const host of ['localhost', `localhost:${api.port}`, '127.0.0.1', '[::1]:80']) {
      assert.match(await ask(host), /^HTTP\/1\.1 200 /, host);
    }
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '']) {
      assert.match(await ask(host), /^HTTP\/1\.1 403 [^]*"code":"forbidden"/, host);
    }
    await api.server.stop();
  });
});
