import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notFound } from '../../api/status-error.ts';
import { createDeferred } from '../../base/deferred.ts';
import { ApiData } from './referenced-data.ts';

/** Answers with these objects, by `NAMESPACE/NAME`, and counts. */
function start(objects: Readonly<Record<string, object>>) {
  const asked: string[] = [];
  const gate: { until?: Promise<void> } = {};
  const client = {
    async get(_: unknown, { namespace, name }: { readonly namespace?: string; readonly name: string }) {
      asked.push(`${namespace}/${name}`);
      await gate.until;
      const found = objects[`${namespace}/${name}`];
      if (found === undefined) throw notFound({ group: '', plural: 'configmaps' }, name);
      return { metadata: { uid: `uid of ${name}` }, ...found } as never;
    },
  };
  return { data: new ApiData(client), asked, gate };
}

const textsOf = (data: ReadonlyMap<string, Buffer>) =>
  Object.fromEntries([...data].map(([key, value]) => [key, value.toString('latin1')]));
const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');

describe('ApiData', () => {
  it('has text and bytes of a ConfigMap', async () => {
    const { data } = start({ 'n/c': { data: { a: 'A' }, binaryData: { b: base64('\xff\x00') } } });
    assert.deepEqual(textsOf(await data.configMap('n', 'c')), { a: 'A', b: '\xff\x00' });
  });

  it('has the text alone of a ConfigMap, for environments', async () => {
    const { data } = start({ 'n/c': { data: { a: 'A' }, binaryData: { b: base64('B') } }, 'n/bytes': {} });
    assert.deepEqual(textsOf(await data.configMapText('n', 'c')), { a: 'A' });
    assert.deepEqual(textsOf(await data.configMapText('n', 'bytes')), {});
  });

  it('has the uid of a Secret for whoever must know it', async () => {
    const { data } = start({ 'n/s': { data: { a: base64('A') } } });
    assert.equal((await data.identifiedSecret('n', 's')).uid, 'uid of s');
  });

  it('has the bytes of a Secret', async () => {
    const { data } = start({ 'n/s': { data: { a: base64('\xfe') } }, 'n/empty': {} });
    assert.deepEqual(textsOf(await data.secret('n', 's')), { a: '\xfe' });
    assert.deepEqual(textsOf(await data.secret('n', 'empty')), {});
  });

  it('says that there is none', async () => {
    await assert.rejects(start({}).data.configMap('n', 'c'), { message: /configmaps "c" not found/ });
  });

  it('asks once for many that ask at the same time, and again for who comes later', async () => {
    const { data, asked, gate } = start({ 'n/c': { data: { a: 'A' } }, 'm/c': {} });
    const held = createDeferred<void>();
    gate.until = held.promise;
    const answers = [
      data.configMap('n', 'c'),
      data.configMap('n', 'c'),
      data.secret('n', 'c'),
      data.configMap('m', 'c'),
    ];
    held.resolve();
    const [first, second] = await Promise.all(answers);
    assert.deepEqual(first, second);
    assert.deepEqual(asked.sort(), ['m/c', 'n/c', 'n/c']);
    await data.configMap('n', 'c');
    assert.equal(asked.length, 4);
  });

  it('lets those who come after a failure ask again', async () => {
    const objects: Record<string, object> = {};
    const { data } = start(objects);
    await assert.rejects(data.secret('n', 's'));
    objects['n/s'] = {};
    await data.secret('n', 's');
  });
});
