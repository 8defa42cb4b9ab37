import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseManifests } from './manifest.ts';

describe('parseManifests', () => {
  it('reads JSON, YAML, several documents and lists', () => {
    const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name } });
    assert.deepEqual(parseManifests(JSON.stringify(pod('a')), 'x'), [pod('a')]);
    const yaml =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n';
    assert.deepEqual(parseManifests(yaml, 'x'), [pod('a'), pod('b')]);
    const list = { apiVersion: 'v1', kind: 'List', items: [pod('a'), pod('b')] };
    assert.deepEqual(parseManifests(JSON.stringify(list), 'x'), [pod('a'), pod('b')]);
  });

  it('keeps dates and numbers with leading zeros as they are written', () => {
    const [object] = parseManifests('apiVersion: v1\nkind: X\ndate: 2026-01-02\n', 'x');
    assert.equal((object as { date?: unknown } | undefined)?.date, '2026-01-02');
  });

  const mistakes: [text: string, says: RegExp][] = [
    ['{', /x is neither YAML nor JSON/],
    ['- a', /x, document 1 is not an object/],
    ['kind: Pod', /x, document 1: apiVersion is missing/],
    ['apiVersion: v1', /x, document 1: kind is missing/],
    ['apiVersion: v1\nkind: List\nitems: [{kind: Pod}]', /x, document 1, item 1: apiVersion is missing/],
  ];
  for (const [text, says] of mistakes) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseManifests(text, 'x'), says));
  }
});
