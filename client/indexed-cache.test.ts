import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../api/object.ts';
import type { Pod } from '../api/types/core/v1.ts';
import { IndexedCache } from './indexed-cache.ts';
import type { ObjectChange } from './object-cache.ts';

function pod(name: string, version: string, node = 'n1', uid = `uid-${name}`): Stored<Pod> {
  const metadata = { namespace: 'default', name, uid, resourceVersion: version, creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], nodeName: node } };
}

const summary = (changes: readonly ObjectChange<Pod>[]) =>
  changes.map(({ type, next, previous }) => `${type} ${(next ?? previous)?.metadata.name}`);
const newCache = () => new IndexedCache<Pod>({ node: ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []) });

describe('indexed cache', () => {
  it('finds by key, namespace and index', () => {
    const cache = newCache();
    cache.set(pod('a', '1'));
    cache.set(pod('b', '2', 'n2'));
    assert.equal(cache.get('default/a')?.metadata.resourceVersion, '1');
    assert.deepEqual([...cache.list('default')].length, 2);
    assert.deepEqual([...cache.list('other')], []);
    cache.set(pod('a', '3', 'n2'));
    assert.deepEqual(cache.byIndex('node', 'n1'), []);
    assert.deepEqual(
      cache.byIndex('node', 'n2').map((p) => p.metadata.name),
      ['b', 'a'],
    );
    cache.delete('default/b');
    assert.equal(cache.byIndex('node', 'n2').length, 1);
    assert.throws(() => cache.byIndex('zone', 'x'), /No index/);
  });

  it('tells what changed, and nothing when nothing did', () => {
    const cache = newCache();
    assert.deepEqual(summary(cache.set(pod('a', '1'))), ['added a']);
    assert.deepEqual(summary(cache.set(pod('a', '1'))), []);
    assert.deepEqual(summary(cache.set(pod('a', '2'))), ['updated a']);
    assert.deepEqual(summary(cache.set(pod('a', '3', 'n1', 'another'))), ['deleted a', 'added a']);
    assert.deepEqual(summary(cache.delete('default/a')), ['deleted a']);
    assert.deepEqual(summary(cache.delete('default/a')), []);
  });

  it('finds what a replacement deleted', () => {
    const cache = newCache();
    for (const name of ['a', 'b', 'c']) cache.set(pod(name, '1'));
    assert.deepEqual(summary(cache.replace([pod('b', '1'), pod('c', '2'), pod('d', '2')])), [
      'deleted a',
      'updated c',
      'added d',
    ]);
    assert.equal(cache.size, 3);
  });
});
