import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parsePoolDocument } from '../../src/pool/document.ts';

function documentWith(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    apiVersion: 'pilotlight.dev/v1alpha1',
    kind: 'WarmPool',
    metadata: { name: 'small', namespace: 'team-a' },
    spec: { warmTarget: 2, template: { spec: { containers: [{ name: 'main' }] } } },
    ...change,
  };
}

function withTemplate(template: unknown): Record<string, unknown> {
  return documentWith({ spec: { warmTarget: 2, template } });
}

function errorsOf(value: unknown): string[] {
  const parsed = parsePoolDocument(value);
  assert.equal(parsed.ok, false);
  return parsed.errors.map((e) => `${e.field}: expected ${e.expected}, got ${e.given}`);
}

const containers = [{ name: 'main' }];

describe('parsePoolDocument', () => {
  it('reads a document and fills in the defaults', () => {
    const parsed = parsePoolDocument(documentWith());
    assert.ok(parsed.ok);
    assert.equal(parsed.document.pool, 'small');
    assert.equal(parsed.document.namespace, 'team-a');
    assert.equal(parsed.document.settings.podReadySeconds, 300);
    assert.deepEqual(parsed.document.template, {
      metadata: { labels: {}, annotations: {} },
      spec: { containers },
    });
  });

  it('leaves the namespace open when the document names none', () => {
    const parsed = parsePoolDocument(documentWith({ metadata: { name: 'small' } }));
    assert.ok(parsed.ok);
    assert.equal(parsed.document.namespace, null);
  });

  const cases: [string, unknown, RegExp][] = [
    ['a list', [], /^document: expected a mapping, got \[\]$/],
    ['an unknown field', documentWith({ sepc: 1 }), /^sepc: expected one of apiVersion, /],
    ['another version', documentWith({ apiVersion: 'v1' }), /^apiVersion: .* got "v1"$/],
    ['another kind', documentWith({ kind: 'Pod' }), /^kind: expected WarmPool, got "Pod"$/],
    ['no metadata', documentWith({ metadata: null }), /^metadata: expected a mapping, got null$/],
    [
      'a name in capitals',
      documentWith({ metadata: { name: 'Small' } }),
      /^metadata\.name: expected lower-case letters, .* got "Small"$/,
    ],
    [
      'a namespace that is a number',
      documentWith({ metadata: { name: 'a', namespace: 7 } }),
      /^metadata\.namespace: .* got 7$/,
    ],
    [
      'a namespace with a slash',
      documentWith({ metadata: { name: 'a', namespace: 'a/b' } }),
      /^metadata\.namespace: .* got "a\/b"$/,
    ],
    ['no template', withTemplate(undefined), /^spec\.template: expected a mapping, got nothing$/],
    [
      'a template without containers',
      withTemplate({ spec: { containers: [] } }),
      /^spec\.template\.spec\.containers: expected a list of at least one container, got \[\]$/,
    ],
    [
      'a name in the template',
      withTemplate({ metadata: { name: 'x' }, spec: { containers } }),
      /^spec\.template\.metadata\.name: expected one of labels, annotations, /,
    ],
    [
      'a label that is a number',
      withTemplate({ metadata: { labels: { version: 7 } }, spec: { containers } }),
      /^spec\.template\.metadata\.labels\["version"\]: expected text .* got 7$/,
    ],
    [
      'a label of ours',
      withTemplate({
        metadata: { labels: { 'pilotlight.dev/state': 'claimed' } },
        spec: { containers },
      }),
      /labels\["pilotlight\.dev\/state"\]: expected left to Pilotlight, got "claimed"$/,
    ],
    [
      'another manager of the pod',
      withTemplate({
        metadata: { labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
        spec: { containers },
      }),
      /managed-by"\]: expected left to Pilotlight, got "Helm"$/,
    ],
    [
      'a target above maxPods',
      documentWith({ spec: { warmTarget: 9, maxPods: 3, template: { spec: { containers } } } }),
      /^spec\.warmTarget: expected at most maxPods \(3\), got 9$/,
    ],
  ];
  for (const [what, value, expected] of cases) {
    it(`refuses ${what}`, () => {
      assert.match(errorsOf(value)[0] ?? '', expected);
    });
  }

  it('reports every error of a document', () => {
    assert.equal(errorsOf(documentWith({ kind: 'Pod', metadata: {}, extra: 1 })).length, 3);
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (value) => {
        parsePoolDocument(value);
        parsePoolDocument(documentWith({ metadata: value }));
        parsePoolDocument(documentWith({ spec: value }));
        parsePoolDocument(withTemplate(value));
        parsePoolDocument(withTemplate({ metadata: value, spec: value }));
        parsePoolDocument(withTemplate({ metadata: { labels: value }, spec: { containers } }));
      }),
    );
  });
});
