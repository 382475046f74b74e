import assert from 'node:assert/strict';
import { SourceMap } from 'node:module';
import { thinMappings } from '../../src/workers/thin-mappings.ts';

/** Where each of the positions comes from: file and line. */
function originsOf(mappings: string, positions: [line: number, column: number][]): string[] {
  const payload = { version: 3, file: 'bundle.js', sources: ['a.ts', 'b.ts'], names: ['name'] };
  const map = new SourceMap({ ...payload, mappings, sourcesContent: [], sourceRoot: '' });
  return positions.map(([line, column]) => {
    const entry = map.findEntry(line, column);
    if (!('originalSource' in entry)) return 'nowhere';
    return `${entry.originalSource}:${entry.originalLine}`;
  });
}

describe('thin mappings', () => {
  it('keep one segment of those that come from one line', () => {
    // Columns 0, 4 and 10 of one line, the last with a name; then line 1 at column 12 and a back step.
    assert.equal(thinMappings('AAAA,IAAI,MAAMA,EACN,EADA'), 'AAAA,YACI,EADA');
  });

  it('leave lines that map nothing empty, and count on from the line before', () => {
    assert.equal(thinMappings(';;AAAA;;AACA,CAAC;'), ';;AAAA;;AACA;');
  });

  it('keep where a file begins, and where what follows is of no source', () => {
    assert.equal(thinMappings('AAAA,CAAC,CCAA,C,C'), 'AAAA,ECAC,C');
  });

  it('find the file and the line of every position as before, also far apart', () => {
    const thick = 'AAAA,SAASA,GAAG,kBCm0BpB,oBDpzBhB,C;+BAgBY,EAAE;;mCCl9F';
    const positions: [number, number][] = [];
    for (let line = 0; line < 4; line += 1) {
      for (let column = 0; column < 80; column += 1) positions.push([line, column]);
    }
    const thin = thinMappings(thick);
    assert.ok(thin.length < thick.length);
    assert.deepEqual(originsOf(thin, positions), originsOf(thick, positions));
  });

  it('are not made of text that is none', () => {
    assert.throws(() => thinMappings('AA!A'), /Expected mappings in base64, got "!"/);
  });
});
