import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  difference,
  type FieldSet,
  formatPath,
  hasPath,
  intersection,
  pathsOf,
  readFieldSet,
  recursiveDifference,
  setOfAll,
  union,
} from './field-set.ts';

const set = (...paths: string[]): FieldSet => setOfAll(paths.map((path) => path.split('/').map((name) => `f:${name}`)));

describe('field sets', () => {
  const table: [string, FieldSet, FieldSet][] = [
    ['union of a parent and its child', union(set('a'), set('a/b')), { 'f:a': { '.': {}, 'f:b': {} } }],
    ['union with nothing', union({}, set('a')), set('a')],
    ['difference leaves the parent', difference(set('a', 'a/b', 'a/c'), set('a/b', 'a/c')), set('a')],
    ['difference leaves the children', difference(set('a', 'a/b'), set('a')), set('a/b')],
    ['difference leaves nothing', difference(set('a/b'), set('a/b')), {}],
    ['difference ignores what is below', difference(set('a'), set('a/b')), set('a')],
    ['intersection', intersection(set('a', 'b/c', 'd'), set('a', 'b/c', 'b/e')), set('a', 'b/c')],
    ['intersection of a parent and its child', intersection(set('a'), set('a/b')), {}],
    ['recursive difference takes all below', recursiveDifference(set('a/b', 'a/c/d', 'e'), set('a')), set('e')],
    ['recursive difference deeper', recursiveDifference(set('a', 'a/b/c', 'a/d'), set('a/b')), set('a', 'a/d')],
  ];
  for (const [name, got, expected] of table) it(name, () => assert.deepEqual(got, expected));

  it('lists own members before deeper ones, fields before items', () => {
    const mixed =
      readFieldSet({ 'f:b': { 'f:x': {}, 'k:{"n":1}': { '.': {}, 'f:y': {} }, 'v:"z"': {} }, 'f:c': {} }) ?? {};
    assert.deepEqual(pathsOf(mixed).map(formatPath), ['.c', '.b.x', '.b[n=1]', '.b[="z"]', '.b[n=1].y']);
  });

  it('finds paths', () => {
    assert.ok(hasPath(set('a/b'), ['f:a', 'f:b']));
    assert.ok(!hasPath(set('a/b'), ['f:a']));
  });

  it('reads what clients send in one form', () => {
    assert.deepEqual(readFieldSet({ 'f:a': { '.': {} }, 'k:{"b":1, "a":"x"}': {} }), {
      'f:a': {},
      'k:{"a":"x","b":1}': {},
    });
    for (const bad of [{ bad: {} }, { 'f:a': 1 }, { 'k:x': {} }, { 'k:[]': {} }, { 'v:x': {} }, [], null, 'x']) {
      assert.equal(readFieldSet(bad), undefined);
    }
  });
});
