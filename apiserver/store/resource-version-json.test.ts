import assert from 'node:assert/strict';
import { test } from 'node:test';
import { insertResourceVersion, replaceResourceVersion } from './resource-version-json.ts';

const written = (metadata: object): Buffer =>
  Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { text: '"metadata":{' } }));

const cases: readonly (readonly [what: string, stored: Buffer, isSpliced: boolean])[] = [
  ['an object as the API server writes it', written({ name: 'a', labels: { ü: '🚢' } }), true],
  ['empty metadata', written({}), true],
  ['another order', Buffer.from('{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}'), false],
  ['spaces', Buffer.from('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}'), false],
  ['a misleading kind', Buffer.from('{"apiVersion":"v1","kind":"\\"metadata\\":{","metadata":{"name":"a"}}'), false],
  ['an early lookalike', Buffer.from('{"spec":{"metadata":{"x":1}},"metadata":{"name":"a"}}'), false],
];

test('insertResourceVersion changes nothing but the resourceVersion', () => {
  for (const [what, stored, isSpliced] of cases) {
    const json = insertResourceVersion(stored, 123);
    const expected = JSON.parse(stored.toString());
    expected.metadata.resourceVersion = '123';
    assert.deepEqual(JSON.parse(json.bytes.toString()), expected, what);
    assert.equal(json.versionOffset >= 0, isSpliced, what);
    if (isSpliced) assert.notEqual(json.bytes.buffer, stored.buffer, what);
    const replaced = replaceResourceVersion(json, 98_765);
    expected.metadata.resourceVersion = '98765';
    assert.deepEqual(JSON.parse(replaced.bytes.toString()), expected, what);
    expected.metadata.resourceVersion = '7';
    assert.deepEqual(JSON.parse(replaceResourceVersion(replaced, 7).bytes.toString()), expected, what);
  }
});

test('insertResourceVersion refuses what is no object', () => {
  for (const text of ['null', '[]', '{}', '{"metadata":null}', '"x"', 'no JSON', '']) {
    assert.throws(() => insertResourceVersion(Buffer.from(text), 1), SyntaxError, text);
  }
});
