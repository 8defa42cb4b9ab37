import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { applyJsonPatch, maxOperations, parseJsonPatch } from './json-patch.ts';

const document = { a: { b: 'one', 'x/y': 1, 'm~n': 2 }, list: ['p', 'q'], nothing: null };
const apply = (text: string) => applyJsonPatch(document, parseJsonPatch(text).operations);

describe('applyJsonPatch', () => {
  const good: [string, string, unknown][] = [
    ['adds a member', '[{"op":"add","path":"/a/c","value":[1]}]', { ...document, a: { ...document.a, c: [1] } }],
    ['takes a missing value as null', '[{"op":"replace","path":"/a"}]', { ...document, a: null }],
    ['replaces what is not there', '[{"op":"replace","path":"/z","value":1}]', { ...document, z: 1 }],
    ['copies what is not there as null', '[{"op":"copy","from":"/z","path":"/y"}]', { ...document, y: null }],
    ['moves', '[{"op":"move","from":"/a/b","path":"/b"}]', { ...document, a: { 'x/y': 1, 'm~n': 2 }, b: 'one' }],
    [
      'unescapes keys',
      '[{"op":"remove","path":"/a/x~1y"},{"op":"remove","path":"/a/m~0n"}]',
      { ...document, a: { b: 'one' } },
    ],
    ['inserts', '[{"op":"add","path":"/list/1","value":"n"}]', { ...document, list: ['p', 'n', 'q'] }],
    ['appends by -', '[{"op":"add","path":"/list/-","value":"n"}]', { ...document, list: ['p', 'q', 'n'] }],
    ['appends by -1', '[{"op":"add","path":"/list/-1","value":"n"}]', { ...document, list: ['p', 'q', 'n'] }],
    ['removes from the end', '[{"op":"remove","path":"/list/-1"}]', { ...document, list: ['p'] }],
    [
      'reads 01 and +1 as indexes',
      '[{"op":"test","path":"/list/01","value":"q"},{"op":"test","path":"/list/+1","value":"q"}]',
      document,
    ],
    [
      'tests what is absent as null',
      '[{"op":"test","path":"/z","value":null},{"op":"test","path":"/nothing"}]',
      document,
    ],
    ['tests deeply', '[{"op":"test","path":"/a","value":{"m~n":2,"b":"one","x/y":1}}]', document],
    [
      'takes constructor as a plain key',
      '[{"op":"add","path":"/constructor","value":1}]',
      { ...document, constructor: 1 },
    ],
  ];
  for (const [name, text, expected] of good) it(name, () => assert.deepEqual(apply(text), expected));

  const bad = [
    '[{}]',
    '[{"op":"frob","path":"/a"}]',
    '[{"op":"add","value":1}]',
    '[{"op":"add","path":"","value":{}}]',
    '[{"op":"add","path":"/no/where","value":1}]',
    '[{"op":"add","path":"/a/b/c","value":1}]',
    '[{"op":"remove","path":"/z"}]',
    '[{"op":"move","from":"/z","path":"/y"}]',
    '[{"op":"move","path":"/y"}]',
    '[{"op":"test","path":"/a","value":{"b":"one"}}]',
    '[{"op":"add","path":"/list/3","value":1}]',
    '[{"op":"add","path":"/list/-4","value":1}]',
    '[{"op":"add","path":"/list/x","value":1}]',
    '[{"op":"remove","path":"/list/-"}]',
    '[{"op":"replace","path":"/list/2","value":1}]',
    '[{"op":"add","path":"/__proto__/polluted","value":1}]',
    '[{"op":"add","path":"/constructor/prototype/polluted","value":1}]',
  ];
  for (const text of bad) {
    it(`rejects ${text}`, () => {
      assert.throws(
        () => apply(text),
        (error) => error instanceof StatusError && error.code === 422,
      );
      assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
    });
  }

  it('takes __proto__ for a key like any other', () => {
    const added = apply('[{"op":"add","path":"/__proto__","value":{"x":1}}]') as object;
    assert.deepEqual(Object.entries(added).at(-1), ['__proto__', { x: 1 }]);
    assert.equal(Object.getPrototypeOf(added), Object.prototype);
  });

  it('leaves the document alone and shares nothing with the patch', () => {
    const { operations } = parseJsonPatch(
      '[{"op":"add","path":"/o","value":{"k":[]}},{"op":"add","path":"/o/k/-","value":1}]',
    );
    assert.deepEqual(applyJsonPatch({}, operations), { o: { k: [1] } });
    assert.deepEqual(applyJsonPatch({}, operations), { o: { k: [1] } });
  });

  it('stops a patch that copies without end', () => {
    const doubling = Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '/d', path: `/d/k${i}` }));
    assert.throws(() => applyJsonPatch({ d: { text: 'x'.repeat(1000) } }, doubling), StatusError);
  });

  it('runs 10,000 operations', () => {
    const list = Array.from({ length: 1000 }, (_, i) => i);
    const operations = Array.from({ length: maxOperations }, () => ({ op: 'move', from: '/list/0', path: '/list/-' }));
    assert.deepEqual(applyJsonPatch({ list }, operations), { list });
  });

  it('stops a patch that shifts a long list without end', () => {
    const list = Array.from({ length: 100_000 }, (_, i) => i);
    const operations = Array.from({ length: maxOperations }, () => ({ op: 'add', path: '/list/0', value: 0 }));
    assert.throws(() => applyJsonPatch({ list }, operations), StatusError);
  });
});

describe('parseJsonPatch', () => {
  const refused: [string, number, string][] = [
    ['', 400, 'error decoding patch: unexpected end of JSON input'],
    ['{}', 400, 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    ['["x"]', 400, 'error decoding patch: json: cannot unmarshal string into Go value of type handlers.jsonPatchOp'],
    [
      '[{"op":5}]',
      400,
      'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string',
    ],
    [
      `[${'{},'.repeat(10_000)}{}]`,
      413,
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    ],
  ];
  for (const [text, code, message] of refused) {
    it(`answers ${code} to ${text.slice(0, 20)}`, () => {
      assert.throws(
        () => parseJsonPatch(text),
        (error) => error instanceof StatusError && error.code === code && error.message === message,
      );
    });
  }

  it('takes null as an empty patch', () => assert.deepEqual(parseJsonPatch('null').operations, []));
  it('names unknown and duplicate fields', () => {
    assert.deepEqual(parseJsonPatch('[{"op":"add","op":"add","path":"/a","extra":1}]').strictErrors, [
      'json patch unknown field "[0].extra"',
      'json patch duplicate field "[0].op"',
    ]);
  });
});
