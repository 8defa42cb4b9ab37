import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { CacheClosedError, type ResourceCache } from '../store/resource-cache.ts';
import type { Store, WatchBatch, WatchOptions } from '../store/store.ts';
import { MemoryStore } from '../store/testing/memory-store.ts';
import { WatchCaches } from '../store/watch-caches.ts';
import { FollowedObjects } from './followed-objects.ts';

const prefix = '/registry/core/pods/';

/** Its watches end when a test says so. */
class BreakableStore extends MemoryStore implements Store {
  #broken = new AbortController();

  override async *watch(options: WatchOptions): AsyncGenerator<WatchBatch> {
    yield* super.watch({ ...options, signal: AbortSignal.any([options.signal, this.#broken.signal]) });
  }

  breakWatches(): void {
    this.#broken.abort();
    this.#broken = new AbortController();
  }
}

describe('followed objects', () => {
  let store: BreakableStore;
  let caches: WatchCaches;
  let cache: ResourceCache;
  let stop: AbortController;
  let running: Promise<void>;
  let followed: FollowedObjects<Pod>;
  /** What the follower knows, by name: the value of the label `is`. */
  let known: Map<string, string>;
  let resets: number;

  beforeEach(() => {
    store = new BreakableStore();
    caches = new WatchCaches({ store, logger: silentLogger, queueLimits: { maxEvents: 20, maxBytes: 1 << 20 } });
    cache = caches.open({ prefix, namespaced: true, fieldsOf: () => ({}) });
    stop = new AbortController();
    known = new Map();
    resets = 0;
    followed = new FollowedObjects<Pod>(
      cache,
      {
        reset() {
          resets += 1;
          known.clear();
        },
        set({ metadata: { name, labels } }) {
          if (labels?.is === 'broken') throw new Error('it cannot be made sense of');
          known.set(name, labels?.is ?? '');
        },
        remove: ({ name }) => void known.delete(name),
      },
      { logger: silentLogger },
    );
    running = followed.run(stop.signal);
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await caches.stop();
    await store.close();
  });

  const bytes = (name: string, is: string): Buffer =>
    Buffer.from(JSON.stringify({ metadata: { namespace: 'ns', name, labels: { is } } }));
  const create = (name: string, is = 'new') => store.create(`${prefix}ns/${name}`, bytes(name, is));
  const update = (name: string, is: string, revision: number) =>
    store.update(`${prefix}ns/${name}`, bytes(name, is), revision);
  const all = () => Object.fromEntries(known);

  it('are those that there were, and every change since', async () => {
    const first = await create('a');
    await create('b');
    await followed.catchUp(10_000);
    assert.deepEqual(all(), { a: 'new', b: 'new' });
    const second = await update('a', 'changed', first);
    await followed.catchUp(10_000);
    assert.deepEqual(all(), { a: 'changed', b: 'new' });
    await store.delete(`${prefix}ns/a`, second);
    await followed.catchUp(10_000);
    assert.deepEqual(all(), { b: 'new' });
    assert.equal(resets, 1);
  });

  it('are there before who has written them is told, even if more come than a queue holds', async () => {
    for (let i = 0; i < 250; i += 1) await create(`p${i}`);
    await followed.catchUp(10_000);
    assert.equal(known.size, 250);
    await Promise.all(Array.from({ length: 100 }, (_, i) => create(`q${i}`)));
    await followed.catchUp(10_000);
    assert.equal(known.size, 350);
  });

  it('begin anew with the cache', async () => {
    await create('a');
    await followed.catchUp(10_000);
    await followed.catchUp(10_000);
    store.breakWatches();
    await create('b');
    await followed.catchUp(10_000);
    assert.deepEqual(all(), { a: 'new', b: 'new' });
  });

  it('leave out what cannot be made sense of', async () => {
    const revision = await create('a');
    await create('b', 'broken');
    await followed.catchUp(10_000);
    assert.deepEqual(all(), { a: 'new' });
    await update('a', 'broken', revision);
    await create('c');
    await followed.catchUp(10_000);
    assert.deepEqual(all(), { c: 'new' });
  });

  it('are told all at once where that is asked for, and go on over whatever their follower throws', async () => {
    for (let i = 0; i < 250; i += 1) await create(`p${i}`);
    let seenInFirstTurn = 0;
    let isFirstTurn = true;
    const names = new Set<string>();
    const all = new FollowedObjects<Pod>(
      cache,
      {
        reset() {
          setImmediate(() => {
            isFirstTurn = false;
          });
          throw new Error('it does not want to begin');
        },
        set({ metadata: { name } }) {
          if (isFirstTurn) seenInFirstTurn += 1;
          names.add(name);
        },
        remove() {
          throw new Error('it does not want to forget');
        },
      },
      { logger: silentLogger, telling: 'atOnce' },
    );
    const following = all.run(stop.signal);
    await all.catchUp(10_000);
    assert.equal(seenInFirstTurn, 250);
    const revision = await create('gone');
    await store.delete(`${prefix}ns/gone`, revision);
    await create('after');
    await all.catchUp(10_000);
    assert.ok(names.has('after'));
    stop.abort();
    await following;
  });

  it('keep nobody waiting once it is over', async () => {
    stop.abort();
    await running;
    await assert.rejects(followed.catchUp(10_000), CacheClosedError);
  });
});
