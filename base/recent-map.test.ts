import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentMap } from './recent-map.ts';

describe('a map of what was used lately', () => {
  it('forgets what was not used for longest', () => {
    const map = new RecentMap<number>({ maxEntries: 2, maxKeyLength: 10 });
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);
    assert.deepEqual([map.get('a'), map.get('b'), map.get('c')], [1, undefined, 3]);
  });

  it('keeps nothing under a long key', () => {
    const map = new RecentMap<number>({ maxEntries: 2, maxKeyLength: 3 });
    map.set('abcd', 1);
    assert.equal(map.get('abcd'), undefined);
  });
});
