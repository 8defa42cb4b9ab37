import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { Pod } from '../../api/types/core/v1.ts';
import { systemClock } from '../../base/clock.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import {
  CacheBehindError,
  CacheClosedError,
  type CachedObject,
  type CacheEvent,
  type CacheWatchOptions,
  type ResourceCache,
} from './resource-cache.ts';
import { CompactedError, type Store, StoreUnavailableError, type WatchBatch, type WatchOptions } from './store.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { WatchCaches, type WatchCachesOptions } from './watch-caches.ts';

const prefix = '/registry/core/pods/';
const pods = {
  prefix,
  namespaced: true,
  indexedField: 'spec.nodeName',
  fieldsOf: (object: object) => ({ 'spec.nodeName': (object as Pod).spec?.nodeName ?? '' }),
};

interface Given {
  readonly node?: string;
  readonly labels?: Record<string, string>;
  readonly text?: string;
}

const podBytes = (key: string, { node, labels, text }: Given = {}): Buffer => {
  const [namespace, name] = key.split('/');
  const metadata = { name, namespace, ...(labels && { labels }) };
  return Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: node, text } }));
};

/** A store with caches over it. Writes go by `namespace/name`. */
class Fixture {
  readonly store: MemoryStore;
  readonly caches: WatchCaches;
  readonly pods: ResourceCache;

  constructor(options: Partial<WatchCachesOptions> = {}, store = new MemoryStore()) {
    this.store = store;
    this.caches = new WatchCaches({ store, ...options });
    this.pods = this.caches.open(pods);
  }

  async put(key: string, given?: Given): Promise<number> {
    const entry = await this.store.get(`${prefix}${key}`);
    const value = podBytes(key, given);
    if (entry === undefined) return await this.store.create(`${prefix}${key}`, value);
    return await this.store.update(`${prefix}${key}`, value, entry.revision);
  }

  async remove(key: string): Promise<number> {
    const entry = await this.store.get(`${prefix}${key}`);
    return await this.store.delete(`${prefix}${key}`, entry?.revision ?? 0);
  }

  async consistent(): Promise<void> {
    await this.pods.waitUntilConsistent(5_000);
  }

  /** A watch whose events are taken as they come. */
  watch(options: Partial<CacheWatchOptions> = {}) {
    const events: CacheEvent[] = [];
    const ends: string[] = [];
    const watch = this.pods.watch({
      after: this.pods.revision,
      onAvailable: () => void events.push(...watch.take()),
      onEnd: (why) => void ends.push(why),
      ...options,
    });
    return { events, ends, watch, texts: () => events.map(eventText) };
  }
}

const eventText = (event: CacheEvent): string =>
  event.type === 'BOOKMARK' ? `BOOKMARK ${event.revision}` : `${event.type} ${event.item.namespace}/${event.item.name}`;
const keysOf = (items: readonly CachedObject[]): string[] => items.map(({ namespace, name }) => `${namespace}/${name}`);

describe('WatchCaches', () => {
  const open: Fixture[] = [];
  const fixture = (options?: Partial<WatchCachesOptions>, store?: MemoryStore): Fixture => {
    const made = new Fixture(options, store);
    open.push(made);
    return made;
  };
  afterEach(async () => {
    for (const one of open.splice(0)) {
      await one.caches.stop();
      await one.store.close();
    }
  });

  test('shows what was there before and what came since, with its resourceVersion', async () => {
    const store = new MemoryStore();
    const revision = await store.create(
      `${prefix}default/a`,
      podBytes('default/a', { node: 'n1', labels: { x: '1' } }),
    );
    const given = fixture({}, store);
    await given.consistent();
    const a = given.pods.get(`${prefix}default/a`);
    assert.equal(a?.object.metadata.resourceVersion, String(revision));
    assert.deepEqual(JSON.parse(a?.bytes.toString() ?? ''), a?.object);
    assert.deepEqual(
      [a?.labels, a?.fields, a?.namespace, a?.name],
      [{ x: '1' }, { 'spec.nodeName': 'n1' }, 'default', 'a'],
    );
    await given.put('default/b');
    await given.remove('default/a');
    await given.consistent();
    assert.equal(given.pods.get(`${prefix}default/a`), undefined);
    assert.deepEqual(keysOf(given.pods.list({}).items), ['default/b']);
    assert.deepEqual(given.pods.stats.objects, 1);
    assert.equal(given.pods.stats.bytes, given.pods.list({}).items[0]?.bytes.length);
  });

  test('lists in key order, by namespace, name, field and match, in pages', async () => {
    const given = fixture();
    for (const key of ['b/2', 'a/1', 'b/1', 'a-b/1', 'b/3', 'c/1'])
      await given.put(key, { node: key.startsWith('b') ? 'n1' : 'n2' });
    await given.consistent();
    const list = (options: Parameters<ResourceCache['list']>[0]): string[] => keysOf(given.pods.list(options).items);
    assert.deepEqual(list({}), ['a-b/1', 'a/1', 'b/1', 'b/2', 'b/3', 'c/1']);
    assert.deepEqual(list({ namespace: 'a' }), ['a/1']);
    assert.deepEqual(list({ namespace: 'b', name: '2' }), ['b/2']);
    assert.deepEqual(list({ namespace: 'b', name: '9' }), []);
    assert.deepEqual(list({ name: '1' }), ['a-b/1', 'a/1', 'b/1', 'c/1']);
    assert.deepEqual(list({ fields: { 'spec.nodeName': 'n1' } }), ['b/1', 'b/2', 'b/3']);
    assert.deepEqual(list({ matches: ({ name }) => name === '3' }), ['b/3']);
    const first = given.pods.list({ limit: 4 });
    assert.deepEqual(
      [keysOf(first.items), first.next, first.remaining],
      [['a-b/1', 'a/1', 'b/1', 'b/2'], `${prefix}b/2`, 2],
    );
    const second = given.pods.list({ limit: 4, after: first.next });
    assert.deepEqual([keysOf(second.items), second.next, second.remaining], [['b/3', 'c/1'], undefined, 0]);
    const whole = given.pods.list({ limit: 3, namespace: 'b' });
    assert.deepEqual([whole.next, whole.remaining], [undefined, 0]);
    const chosen = given.pods.list({ limit: 1, fields: { 'spec.nodeName': 'n2' } });
    assert.deepEqual([chosen.next, chosen.remaining], [`${prefix}a-b/1`, undefined]);
  });

  test('lists as it was at each revision it remembers', async () => {
    const given = fixture();
    await given.consistent();
    const states: { revision: number; keys: string[]; texts: unknown[] }[] = [];
    const keys = ['a/1', 'a/2', 'b/1', 'b/2', 'c/1'];
    for (let n = 0; n < 60; n += 1) {
      const key = keys[(n * 7) % keys.length] ?? '';
      const isThere = (await given.store.get(`${prefix}${key}`)) !== undefined;
      const revision = isThere && n % 3 === 0 ? await given.remove(key) : await given.put(key, { text: `${n}` });
      await given.consistent();
      const { items } = given.pods.list({});
      states.push({
        revision,
        keys: keysOf(items),
        texts: items.map(({ object }) => (object as { spec?: { text?: string } }).spec?.text),
      });
    }
    for (const { revision, keys: expected, texts } of states) {
      const then = given.pods.listAt(revision, {});
      assert.deepEqual(keysOf(then?.items ?? []), expected);
      assert.deepEqual(
        then?.items.map(({ object }) => (object as { spec?: { text?: string } }).spec?.text),
        texts,
      );
      assert.equal(then?.revision, revision);
      const page = given.pods.listAt(revision, { limit: 2 });
      assert.deepEqual(keysOf(page?.items ?? []), expected.slice(0, 2));
      assert.equal(page?.remaining, Math.max(0, expected.length - 2));
      const rest =
        page?.next === undefined ? [] : keysOf(given.pods.listAt(revision, { after: page.next })?.items ?? []);
      assert.deepEqual([...keysOf(page?.items ?? []), ...rest], expected);
      assert.deepEqual(
        keysOf(given.pods.listAt(revision, { namespace: 'b' })?.items ?? []),
        expected.filter((key) => key.startsWith('b/')),
      );
    }
    assert.equal(given.pods.listAt(given.pods.revision + 1, {}), undefined);
    assert.equal(given.pods.listAt(0, {}), undefined);
  });

  test('a watch has what came after its revision, and then what comes', async () => {
    const given = fixture();
    await given.consistent();
    const start = await given.put('a/1');
    await given.put('a/2');
    await given.consistent();
    const { texts } = given.watch({ after: start });
    await given.put('a/1', { text: 'new' });
    const gone = await given.remove('a/2');
    await given.consistent();
    assert.deepEqual(texts(), ['ADDED a/2', 'MODIFIED a/1', 'DELETED a/2']);
    const late = given.watch({ after: start - 1 });
    await new Promise(setImmediate);
    assert.deepEqual(late.texts(), ['ADDED a/1', ...texts()]);
    const last = late.events.at(-1);
    assert.ok(last?.type === 'DELETED' && last.item.object.metadata.resourceVersion === String(gone));
    assert.equal(JSON.parse(last.item.bytes.toString()).metadata.resourceVersion, String(gone));
  });

  test('a watch from a revision that is not reached yet has only what comes after it', async () => {
    const given = fixture();
    await given.consistent();
    const { texts } = given.watch({ after: given.pods.revision + 2 });
    for (const name of ['1', '2', '3']) await given.put(`a/${name}`);
    await given.consistent();
    assert.deepEqual(texts(), ['ADDED a/3']);
  });

  test('an object that comes to match is ADDED, and DELETED when it matches no more', async () => {
    const given = fixture();
    await given.consistent();
    const byLabel = given.watch({ matches: ({ labels }) => labels.app === 'web' });
    const onNode = given.watch({ fields: { 'spec.nodeName': 'n1' } });
    const elsewhere = given.watch({ fields: { 'spec.nodeName': 'n3' } });
    await given.put('a/1', { labels: { app: 'db' } });
    await given.put('a/1', { labels: { app: 'web' }, node: 'n1' });
    await given.put('a/1', { labels: { app: 'web' }, node: 'n1', text: 'x' });
    const moved = await given.put('a/1', { labels: { app: 'db' }, node: 'n2' });
    await given.remove('a/1');
    await given.consistent();
    assert.deepEqual(byLabel.texts(), ['ADDED a/1', 'MODIFIED a/1', 'DELETED a/1']);
    assert.deepEqual(onNode.texts(), ['ADDED a/1', 'MODIFIED a/1', 'DELETED a/1']);
    assert.deepEqual(elsewhere.texts(), []);
    const exit = onNode.events[2];
    assert.ok(exit?.type === 'DELETED');
    assert.deepEqual([exit.item.labels, exit.item.revision], [{ app: 'web' }, moved]);
    assert.equal(exit.item.object.metadata.resourceVersion, String(moved));
  });

  test('watchers are told only of what they watch: namespace, name, both', async () => {
    const given = fixture();
    await given.consistent();
    const seen = {
      all: given.watch(),
      a: given.watch({ namespace: 'a' }),
      one: given.watch({ name: '1' }),
      a1: given.watch({ namespace: 'a', name: '1' }),
    };
    for (const key of ['a/1', 'a/2', 'b/1']) await given.put(key);
    await given.consistent();
    assert.deepEqual(seen.all.texts(), ['ADDED a/1', 'ADDED a/2', 'ADDED b/1']);
    assert.deepEqual(seen.a.texts(), ['ADDED a/1', 'ADDED a/2']);
    assert.deepEqual(seen.one.texts(), ['ADDED a/1', 'ADDED b/1']);
    assert.deepEqual(seen.a1.texts(), ['ADDED a/1']);
    assert.equal(given.pods.stats.watchers, 4);
    for (const { watch } of Object.values(seen)) watch.close();
    assert.equal(given.pods.stats.watchers, 0);
  });

  test('all watchers get the same version and share what is made of it', async () => {
    const given = fixture();
    await given.consistent();
    const watches = Array.from({ length: 50 }, () => given.watch());
    await given.put('a/1');
    await given.consistent();
    let made = 0;
    const lines = watches.map(({ events }) => {
      const event = events[0];
      assert.ok(event?.type === 'ADDED');
      return event.item.encoded('line', ({ bytes }) => {
        made += 1;
        return Buffer.concat([bytes, Buffer.from('\n')]);
      });
    });
    assert.deepEqual([made, new Set(lines).size], [1, 1]);
    assert.equal(new Set(watches.map(({ events }) => events[0])).size, 1);
  });

  test('a slow watcher is ended, the others are not, and what it had is still to be taken', async () => {
    const given = fixture({ queueLimits: { maxEvents: 3, maxBytes: 1_000_000 } });
    await given.consistent();
    const slow = given.watch({ onAvailable: () => {} });
    const quick = given.watch();
    for (let n = 0; n < 5; n += 1) await given.put(`a/${n}`);
    await given.consistent();
    assert.deepEqual(slow.ends, ['slow']);
    assert.deepEqual(slow.watch.take().map(eventText), ['ADDED a/0', 'ADDED a/1', 'ADDED a/2']);
    assert.deepEqual([quick.texts().length, quick.ends], [5, []]);
    assert.equal(given.pods.stats.watchers, 1);
  });

  test('the past that a watch asked for does not make it slow', async () => {
    const given = fixture({ queueLimits: { maxEvents: 3, maxBytes: 1_000_000 } });
    await given.consistent();
    const start = given.pods.revision;
    for (let n = 0; n < 9; n += 1) await given.put(`a/${n}`);
    await given.consistent();
    const late = given.watch({ after: start, onAvailable: () => {} });
    for (let n = 0; n < 3; n += 1) await given.put(`b/${n}`);
    await given.consistent();
    assert.deepEqual([late.watch.take().length, late.ends], [12, []]);
  });

  test('history is bounded, and what it does not know is refused', async () => {
    const limits = { maxChanges: 10, maxBytes: 1_000_000, maxAgeMs: 60_000, minChanges: 2 };
    const given = fixture({ historyLimits: limits });
    await given.consistent();
    const revisions: number[] = [];
    for (let n = 0; n < 15; n += 1) revisions.push(await given.put('a/1', { text: `${n}` }));
    await given.consistent();
    assert.throws(() => given.watch({ after: revisions[3] ?? 0 }), CompactedError);
    assert.equal(given.pods.listAt(revisions[3] ?? 0, {}), undefined);
    const { events } = given.watch({ after: revisions[4] ?? 0 });
    await new Promise(setImmediate);
    assert.equal(events.length, 10);
    assert.equal(given.pods.listAt(revisions[4] ?? 0, {})?.items[0]?.revision, revisions[4]);
  });

  test('a resource in which nothing happens is not behind', async () => {
    const given = fixture();
    const nodes = given.caches.open({ prefix: '/registry/core/nodes/', namespaced: false, fieldsOf: () => ({}) });
    await nodes.ready();
    const written = await given.put('a/1');
    await nodes.waitFor(written, 1_000);
    assert.ok(nodes.revision >= written);
  });

  test('revisions that only others make are caught up with', async () => {
    const given = fixture({ root: '/registry/' }, new QuietStore());
    await given.consistent();
    const other = await given.store.create('/somebody/else', Buffer.from('x'));
    await given.consistent();
    assert.ok(given.pods.revision > other);
  });

  test('waiting for a revision that does not come ends in time', async () => {
    const given = fixture();
    await given.pods.ready();
    await assert.rejects(given.pods.waitFor(given.pods.revision + 1_000, 20), CacheBehindError);
  });

  test('who waits for a resource is told at once that it is served no more', async () => {
    const given = fixture();
    const waiting = given.pods.waitUntilConsistent(60_000);
    given.caches.close({ prefix });
    await assert.rejects(waiting, CacheClosedError);
    await assert.rejects(given.pods.ready(), CacheClosedError);
    await assert.rejects(given.pods.waitFor(1_000, 60_000), CacheClosedError);
  });

  test('a resource that is opened late has everything, also what happens meanwhile', async () => {
    const given = fixture();
    await given.pods.ready();
    for (let n = 0; n < 10; n += 1) await given.store.create(`/registry/apps/sets/a/${n}`, podBytes(`a/${n}`));
    const sets = given.caches.open({ prefix: '/registry/apps/sets/', namespaced: true, fieldsOf: () => ({}) });
    for (let n = 10; n < 20; n += 1) await given.store.create(`/registry/apps/sets/a/${n}`, podBytes(`a/${n}`));
    await sets.waitUntilConsistent(1_000);
    assert.equal(sets.list({}).items.length, 20);
    assert.equal(given.caches.open({ ...pods }), given.pods);
  });

  test('what is no object is left out and hurts nothing else', async () => {
    const given = fixture();
    await given.consistent();
    await given.store.create(`${prefix}a/broken`, Buffer.from('no JSON'));
    await given.store.create(`${prefix}a/null`, Buffer.from('null'));
    await given.put('a/good');
    await given.consistent();
    assert.deepEqual(keysOf(given.pods.list({}).items), ['a/good']);
  });

  test('a watcher that throws is closed and hurts nobody else', async () => {
    const given = fixture();
    await given.consistent();
    given.watch({
      onAvailable() {
        throw new Error('broken receiver');
      },
    });
    const good = given.watch();
    await given.put('a/1');
    await given.put('a/2');
    await given.consistent();
    assert.equal(good.events.length, 2);
    assert.equal(given.pods.stats.watchers, 1);
  });

  test('after a compaction that overtook the watch everything is loaded again and watchers are told', async () => {
    const store = new InterruptedStore();
    const given = fixture({}, store);
    await given.put('a/old');
    await given.consistent();
    const { ends, events } = given.watch();
    store.interrupt();
    await given.remove('a/old');
    await given.put('a/new');
    const waiting = given.consistent();
    store.resume(new CompactedError('The past is gone'));
    assert.deepEqual(keysOf(given.pods.list({}).items), ['a/old']);
    await waiting;
    assert.deepEqual(ends, ['restarted']);
    assert.equal(events.length, 0);
    assert.deepEqual(keysOf(given.pods.list({}).items), ['a/new']);
    assert.throws(() => given.watch({ after: 2 }), CompactedError);
    const again = given.watch();
    await given.put('a/3');
    await given.consistent();
    assert.deepEqual(again.texts(), ['ADDED a/3']);
  });

  test('a closed resource ends its watches, follows no longer, and is loaded anew when it is opened again', async () => {
    const given = fixture();
    await given.put('a/1');
    await given.consistent();
    const { ends, events } = given.watch();
    given.caches.close({ prefix });
    given.caches.close({ prefix });
    await given.put('a/2');
    assert.deepEqual(ends, ['restarted']);
    const again = given.caches.open(pods);
    assert.notEqual(again, given.pods);
    await again.waitUntilConsistent(5_000);
    assert.deepEqual(keysOf(again.list({}).items), ['a/1', 'a/2']);
    assert.equal(events.length, 0);
    assert.deepEqual(
      [...given.caches.stats()].map(([resource]) => resource),
      ['core/pods'],
    );
  });

  test('while the store is away old reads go on, consistent ones say so, and all resumes by itself', async () => {
    const store = new InterruptedStore();
    const given = fixture({}, store);
    await given.put('a/1');
    await given.consistent();
    store.isAway = true;
    assert.deepEqual(keysOf(given.pods.list({}).items), ['a/1']);
    await assert.rejects(given.consistent(), StoreUnavailableError);
    store.isAway = false;
    await given.put('a/2');
    await given.consistent();
    assert.deepEqual(keysOf(given.pods.list({}).items), ['a/1', 'a/2']);
  });

  test('a store that is away at the start is waited for', async () => {
    const store = new InterruptedStore();
    store.isAway = true;
    const given = fixture({}, store);
    assert.equal(given.pods.isReady, false);
    assert.deepEqual(given.pods.list({}).items, []);
    assert.throws(() => given.watch(), CompactedError);
    await assert.rejects(given.pods.ready(AbortSignal.timeout(10)));
    await assert.rejects(given.pods.waitUntilConsistent(10), CacheBehindError);
    store.isAway = false;
    await given.pods.ready();
    assert.equal(given.pods.isReady, true);
  });

  test('bookmarks come about once a minute to those who want them, only the newest waits', async () => {
    const clock = new FakeClock();
    const given = fixture({
      clock: { ...systemClock, sleep: (ms, signal) => clock.sleep(ms, signal) },
      random: () => 0.5,
    });
    await given.pods.ready();
    const { events } = given.watch({ bookmarks: true });
    const idle = given.watch({ bookmarks: true, onAvailable: () => {} });
    const without = given.watch();
    await clock.advance(180_000);
    assert.deepEqual(
      events,
      Array.from({ length: 3 }, () => ({ type: 'BOOKMARK', revision: given.pods.revision })),
    );
    assert.equal(idle.watch.take().length, 1);
    assert.equal(without.events.length, 0);
  });

  test('writers, watchers from everywhere and lists agree with the store', async () => {
    const given = fixture();
    await given.consistent();
    const start = given.pods.revision;
    const watches = [given.watch({ after: start })];
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let n = 0; n < 60; n += 1) {
        const key = `a/${writer}-${n % 7}`;
        if (n % 5 === 4) await given.remove(`a/${writer}-${(n - 1) % 7}`);
        else await given.put(key, { text: `${n}` });
        if (n % 20 === 0) watches.push(given.watch({ after: start }));
      }
    });
    await Promise.all(writers);
    await given.consistent();
    const { entries } = await given.store.list({ prefix });
    assert.deepEqual(
      given.pods.list({}).items.map(({ key, revision }) => [key, revision]),
      entries.map(({ key, revision }) => [key, revision]),
    );
    await new Promise(setImmediate);
    const reference = watches[0]?.events ?? [];
    assert.equal(reference.length, 6 * 60);
    for (const { events } of watches) assert.deepEqual(events, reference);
    const replayed = new Map<string, number>();
    for (const event of reference) {
      if (event.type === 'DELETED') replayed.delete(event.item.key);
      else if (event.type !== 'BOOKMARK') replayed.set(event.item.key, event.item.revision);
    }
    assert.deepEqual(replayed, new Map(entries.map(({ key, revision }) => [key, revision])));
  });
});

/** As etcd: a watch hears nothing of changes elsewhere. */
class QuietStore extends MemoryStore {
  override async *watch(options: WatchOptions): AsyncGenerator<WatchBatch> {
    for await (const batch of super.watch(options)) {
      const last = batch.changes.at(-1);
      if (last !== undefined) yield { ...batch, revision: last.type === 'put' ? last.entry.revision : last.revision };
    }
  }
}

/** Its watches can be held up and then broken, and it can be out of reach. */
class InterruptedStore extends MemoryStore implements Store {
  isAway = false;
  #breakWith: ((error: Error) => void) | undefined;
  #broken: Promise<never> | undefined;

  interrupt(): void {
    this.#broken = new Promise((_, reject) => {
      this.#breakWith = reject;
    });
  }

  resume(error: Error): void {
    this.#breakWith?.(error);
    this.#broken = undefined;
  }

  override async *watch(options: WatchOptions): AsyncGenerator<WatchBatch> {
    for await (const batch of super.watch(options)) {
      if (this.#broken !== undefined) await this.#broken;
      yield batch;
    }
  }

  override async currentRevision(): Promise<number> {
    if (this.isAway) throw new StoreUnavailableError('away', { outcomeUnknown: false });
    return await super.currentRevision();
  }
}
