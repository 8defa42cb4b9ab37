import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareKeys } from '../../base/compare.ts';
import { prefixEnd, SortedMap } from './sorted-map.ts';

test('SortedMap agrees with a plain map that is sorted each time', () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'z'), maxLength: 6 }).filter((text) => text !== '');
  const step = fc.record({ key, isDeletion: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), key, key, (steps, prefix, after) => {
      const sorted = new SortedMap<number>();
      const plain = new Map<string, number>();
      steps.forEach((one, n) => {
        if (one.isDeletion) assert.equal(sorted.delete(one.key), plain.delete(one.key));
        else {
          sorted.set(one.key, n);
          plain.set(one.key, n);
        }
      });
      const expected = [...plain].filter(([one]) => one.startsWith(prefix) && one > after).sort(compareKeys);
      assert.deepEqual([...sorted.entries(prefix, after)], expected);
      assert.equal(sorted.count(prefix, after), expected.length);
      assert.equal(sorted.count(), plain.size);
      assert.equal(sorted.size, plain.size);
    }),
  );
});

test('SortedMap orders keys as etcd does, by their UTF-8 bytes', () => {
  const key = fc.string({
    unit: fc.constantFrom('a', 'ü', '/', '\uFFFD', '\uE000', '😀', '𝒜'),
    minLength: 1,
    maxLength: 5,
  });
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 100 }), key, (keys, after) => {
      const map = new SortedMap<number>();
      for (const one of keys) map.set(one, 0);
      const sorted = [...new Set(keys)].sort(byBytes);
      const listed = (...options: string[]) => [...map.entries(...options)].map(([one]) => one);
      assert.deepEqual(listed(), sorted);
      const behind = sorted.filter((one) => byBytes(one, after) > 0);
      assert.deepEqual(listed('', after), behind);
      assert.equal(map.count('', after), behind.length);
      for (const one of sorted) assert.ok(map.delete(one));
      assert.equal(map.size, 0);
    }),
  );
  const map = new SortedMap<number>();
  for (const one of ['/r/😀', '/r/\uFF5E', '/r/a']) map.set(one, 0);
  assert.deepEqual(
    [...map.entries('/r/')].map(([one]) => one),
    ['/r/a', '/r/\uFF5E', '/r/😀'],
  );
});

test('SortedMap keeps order over many chunks, however keys come', () => {
  for (const order of [(n: number) => n, (n: number) => 9_999 - n, (n: number) => (n * 7_919) % 10_000]) {
    const map = new SortedMap<number>();
    for (let n = 0; n < 10_000; n += 1) map.set(`/k/${String(order(n)).padStart(5, '0')}`, n);
    const keys = [...map.entries('/k/')].map(([key]) => key);
    assert.equal(keys.length, 10_000);
    assert.deepEqual(keys, [...keys].sort());
    assert.equal(map.count('/k/', '/k/04999'), 5_000);
    assert.equal(map.count('/k/01'), 1_000);
  }
});

test('prefixEnd is behind everything with the prefix', () => {
  assert.equal(prefixEnd('/registry/'), '/registry0');
});
