import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyMergePatch, parseMergePatch } from './merge-patch.ts';

describe('applyMergePatch', () => {
  // The examples of RFC 7386, appendix A, and the corners between them.
  const table: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{}, { a: [null] }, { a: [null] }],
    [{ a: 1 }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
  ];
  for (const [target, patch, expected] of table) {
    it(`merges ${JSON.stringify(patch)} into ${JSON.stringify(target)}`, () => {
      const before = structuredClone(target);
      assert.deepEqual(applyMergePatch(target, patch), expected);
      assert.deepEqual(target, before);
    });
  }
});

describe('parseMergePatch', () => {
  const bad: [string, string][] = [
    ['', 'error decoding patch: unexpected end of JSON input'],
    ['[]', 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['5', 'error decoding patch: json: cannot unmarshal number into Go value of type map[string]interface {}'],
    ['null', 'Invalid JSON Patch'],
  ];
  for (const [text, message] of bad)
    it(`refuses ${text}`, () => assert.throws(() => parseMergePatch(text), { message }));
  it('names duplicates', () => {
    assert.deepEqual(parseMergePatch('{"a":{"b":1,"b":2}}').strictErrors, ['duplicate field "a.b"']);
  });
});
