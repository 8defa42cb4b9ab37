/** The suite that every Store passes. Written against the contract alone; what only a fault can show is in its tests. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Change,
  CompactedError,
  FutureRevisionError,
  KeyExistsError,
  RevisionConflictError,
  type Store,
  ValueTooLargeError,
} from '../store.ts';
import { guaranteedUpdate } from './guaranteed-update.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** A second store over the same data, as another API server has it. May be the same for a store in memory. */
  readonly other: Store;
  /** Cuts the connections of `store`, once, if it has any. */
  cutConnections(): Promise<void>;
  stop(): Promise<void>;
}

export function testStoreConformance(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the store contract`, () => {
    let subject: StoreUnderTest;
    let store: Store;
    let testNumber = 0;
    /** Each test has keys of its own. */
    const newPrefix = (): string => {
      testNumber += 1;
      return `/conformance/${String(testNumber).padStart(3, '0')}/`;
    };

    before(async () => {
      subject = await start();
      store = subject.store;
    });
    after(async () => await subject.stop());

    test('a key is created once', async () => {
      const key = `${newPrefix()}a`;
      assert.equal(await store.get(key), undefined);
      const revision = await store.create(key, bytes('one'));
      await assert.rejects(store.create(key, bytes('two')), KeyExistsError);
      assert.deepEqual(await store.get(key), { key, value: bytes('one'), revision });
    });

    test('of many who create one key, one wins', async () => {
      const key = `${newPrefix()}a`;
      const attempts = await Promise.allSettled(
        Array.from({ length: 20 }, async (_, n) => {
          await (n % 2 === 0 ? store : subject.other).create(key, bytes(`${n}`));
          return `${n}`;
        }),
      );
      const won = attempts.filter((one) => one.status === 'fulfilled');
      assert.equal(won.length, 1);
      assert.equal((await store.get(key))?.value.toString(), won[0]?.value);
      for (const one of attempts) if (one.status === 'rejected') assert.ok(one.reason instanceof KeyExistsError);
    });

    test('an update needs the present revision, and the conflict tells what is there', async () => {
      const key = `${newPrefix()}a`;
      const first = await store.create(key, bytes('one'));
      const second = await store.update(key, bytes('two'), first);
      assert.ok(second > first);
      await assert.rejects(store.update(key, bytes('three'), first), (error) => {
        assert.ok(error instanceof RevisionConflictError);
        assert.deepEqual(error.current, { key, value: bytes('two'), revision: second });
        return true;
      });
      assert.equal((await store.get(key))?.value.toString(), 'two');
    });

    test('an update of a missing key is a conflict without a present entry', async () => {
      const key = `${newPrefix()}a`;
      const isGone = (error: unknown): boolean => error instanceof RevisionConflictError && error.current === undefined;
      await assert.rejects(store.update(key, bytes('one'), 1), isGone);
      await assert.rejects(store.delete(key, 1), isGone);
      const revision = await store.create(key, bytes('one'));
      await store.delete(key, revision);
      await assert.rejects(store.update(key, bytes('two'), revision), isGone);
    });

    test('a deletion needs the present revision', async () => {
      const key = `${newPrefix()}a`;
      const first = await store.create(key, bytes('one'));
      const second = await store.update(key, bytes('two'), first);
      await assert.rejects(
        store.delete(key, first),
        (error) => error instanceof RevisionConflictError && error.current?.revision === second,
      );
      const gone = await store.delete(key, second);
      assert.ok(gone > second);
      assert.equal(await store.get(key), undefined);
      assert.ok((await store.create(key, bytes('again'))) > gone);
    });

    test('updates by function under contention lose nothing', async () => {
      const key = `${newPrefix()}counter`;
      await store.create(key, bytes('0'));
      const stale = await store.get(key);
      const increment = ({ value }: { readonly value: Buffer }): Buffer => bytes(String(Number(value) + 1));
      await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          guaranteedUpdate(n % 2 === 0 ? store : subject.other, key, increment, {
            cached: n % 4 < 2 ? stale : undefined,
          }),
        ),
      );
      assert.equal((await store.get(key))?.value.toString(), '40');
      assert.equal(await guaranteedUpdate(store, `${key}-missing`, increment), undefined);
    });

    test('an update by function that refuses because of an old entry judges the present one', async () => {
      const key = `${newPrefix()}a`;
      await store.create(key, bytes('closed'));
      const cached = await store.get(key);
      await guaranteedUpdate(store, key, () => bytes('open'));
      const open = ({ value }: { readonly value: Buffer }): Buffer => {
        if (value.toString() === 'closed') throw new Error('It is closed');
        return bytes('entered');
      };
      assert.equal((await guaranteedUpdate(store, key, open, { cached }))?.value.toString(), 'entered');
    });

    test('values come back as they were written', async () => {
      const prefix = newPrefix();
      const values = [
        Buffer.alloc(0),
        Buffer.from([0, 255, 10, 13, 0]),
        bytes('ünïcödé 🚢'),
        Buffer.alloc(1_000_000, 7),
      ];
      for (const [n, value] of values.entries()) await store.create(`${prefix}${n}`, value);
      const { entries } = await store.list({ prefix });
      assert.deepEqual(
        entries.map(({ value }) => Buffer.from(value)),
        values,
      );
    });

    test('a value over the limit is refused, and the store goes on', async () => {
      const key = `${newPrefix()}a`;
      await assert.rejects(store.create(key, Buffer.alloc(3 * 1024 * 1024, 1)), ValueTooLargeError);
      const revision = await store.create(key, bytes('small'));
      await assert.rejects(store.update(key, Buffer.alloc(20 * 1024 * 1024, 1), revision), ValueTooLargeError);
      assert.equal((await store.get(key))?.revision, revision);
    });

    test('a list has what is below the prefix, in key order, and nothing else', async () => {
      const prefix = newPrefix();
      for (const name of ['b', 'a/2', 'a/1', 'c', 'a', 'a-']) await store.create(`${prefix}${name}`, bytes(name));
      await store.create(`${prefix.slice(0, -1)}x`, bytes('beside'));
      const names = async (at: string): Promise<string[]> =>
        (await store.list({ prefix: at })).entries.map(({ value }) => value.toString());
      assert.deepEqual(await names(prefix), ['a', 'a-', 'a/1', 'a/2', 'b', 'c']);
      assert.deepEqual(await names(`${prefix}a/`), ['a/1', 'a/2']);
      assert.deepEqual(await names(`${prefix}nothing/`), []);
    });

    test('a list at a revision shows what was there then', async () => {
      const prefix = newPrefix();
      const first = await store.create(`${prefix}a`, bytes('a1'));
      const second = await store.create(`${prefix}b`, bytes('b1'));
      const third = await store.update(`${prefix}a`, bytes('a2'), first);
      const fourth = await store.delete(`${prefix}b`, second);
      const at = async (revision: number): Promise<string[]> =>
        (await store.list({ prefix, revision })).entries.map(({ value }) => value.toString());
      assert.deepEqual(await at(first), ['a1']);
      assert.deepEqual(await at(second), ['a1', 'b1']);
      assert.deepEqual(await at(third), ['a2', 'b1']);
      assert.deepEqual(await at(fourth), ['a2']);
      const now = await store.list({ prefix });
      assert.equal(now.revision >= fourth, true);
      assert.equal((await store.list({ prefix, revision: second })).revision, second);
    });

    test('pages at one revision are one consistent list, whatever happens between them', async () => {
      const prefix = newPrefix();
      const names = Array.from({ length: 25 }, (_, n) => `${prefix}${String(n).padStart(2, '0')}`);
      for (const name of names) await store.create(name, bytes('old'));
      const first = await store.list({ prefix, limit: 10 });
      assert.equal(first.remaining, 15);
      await guaranteedUpdate(store, `${prefix}20`, () => bytes('new'));
      const victim = await store.get(`${prefix}15`);
      await store.delete(`${prefix}15`, victim?.revision ?? 0);
      await store.create(`${prefix}12-new`, bytes('new'));
      const seen = [...first.entries];
      let remaining = first.remaining;
      while (remaining > 0) {
        const page = await store.list({ prefix, limit: 10, after: seen.at(-1)?.key ?? '', revision: first.revision });
        seen.push(...page.entries);
        remaining = page.remaining;
      }
      assert.deepEqual(
        seen.map(({ key }) => key),
        names,
      );
      assert.ok(seen.every(({ value }) => value.toString() === 'old'));
    });

    test('a list far beyond any message limit arrives whole', async () => {
      const prefix = newPrefix();
      const large = Buffer.alloc(400_000, 'x');
      const names = Array.from({ length: 40 }, (_, n) => `${prefix}${String(n).padStart(4, '0')}`);
      for (const name of names) await store.create(name, large);
      const small = Array.from({ length: 1_500 }, (_, n) => `${prefix}s${String(n).padStart(4, '0')}`);
      await Promise.all(small.map((name) => store.create(name, bytes(name))));
      const { entries, remaining } = await store.list({ prefix });
      assert.equal(remaining, 0);
      assert.deepEqual(
        entries.map(({ key }) => key),
        [...names, ...small],
      );
      assert.equal(
        entries.reduce((sum, { value }) => sum + value.length, 0),
        40 * 400_000 + small.reduce((sum, name) => sum + name.length, 0),
      );
      const page = await store.list({ prefix, limit: 1_200 });
      assert.deepEqual([page.entries.length, page.remaining], [1_200, 340]);
    });

    test('a revision that is not reached yet cannot be listed', async () => {
      const revision = await store.currentRevision();
      await assert.rejects(store.list({ prefix: newPrefix(), revision: revision + 1_000 }), FutureRevisionError);
    });

    test('the current revision is never older than an acknowledged write, also through another store', async () => {
      const prefix = newPrefix();
      for (let n = 0; n < 20; n += 1) {
        const written = await store.create(`${prefix}${n}`, bytes('x'));
        const [here, there] = await Promise.all([store.currentRevision(), subject.other.currentRevision()]);
        assert.ok(here >= written && there >= written);
        assert.equal((await subject.other.get(`${prefix}${n}`))?.revision, written);
      }
    });

    test('a watch has every change after its revision, in order, none twice', async () => {
      const prefix = newPrefix();
      const before = await store.create(`${prefix}a`, bytes('a1'));
      const b = await store.create(`${prefix}b`, bytes('b1'));
      const a2 = await store.update(`${prefix}a`, bytes('a2'), before);
      const watching = collect(store, prefix, before, 5);
      const gone = await store.delete(`${prefix}b`, b);
      await store.create(`/elsewhere${prefix}`, bytes('beside'));
      const again = await subject.other.create(`${prefix}b`, bytes('b2'));
      const a3 = await store.update(`${prefix}a`, bytes('a3'), a2);
      assert.deepEqual(await watching, [
        { type: 'put', entry: { key: `${prefix}b`, value: bytes('b1'), revision: b }, created: true },
        { type: 'put', entry: { key: `${prefix}a`, value: bytes('a2'), revision: a2 }, created: false },
        { type: 'delete', key: `${prefix}b`, revision: gone },
        { type: 'put', entry: { key: `${prefix}b`, value: bytes('b2'), revision: again }, created: true },
        { type: 'put', entry: { key: `${prefix}a`, value: bytes('a3'), revision: a3 }, created: false },
      ]);
    });

    test('watches that begin anywhere in a storm of writers see the same history', async () => {
      const prefix = newPrefix();
      const start = await store.currentRevision();
      const total = 400;
      const early = collect(store, prefix, start, total);
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < total / 8; n += 1)
          await (writer % 2 ? store : subject.other).create(`${prefix}${writer}-${n}`, bytes('x'.repeat(n)));
      });
      await delay(5);
      const middle = collect(subject.other, prefix, start, total);
      await Promise.all(writers);
      const late = collect(store, prefix, start, total);
      const histories = await Promise.all([early, middle, late]);
      const [reference = []] = histories;
      const revisions = reference.map(revisionOf);
      assert.deepEqual(
        revisions,
        [...revisions].sort((a, b) => a - b),
      );
      assert.equal(new Set(revisions).size, total);
      for (const history of histories) assert.deepEqual(history, reference);
      const half = revisions[199] ?? 0;
      assert.deepEqual(await collect(store, prefix, half, 200), reference.slice(200));
    });

    test('a watch with more than any message limit waiting for it gets it all', async () => {
      const prefix = newPrefix();
      const start = await store.currentRevision();
      for (let n = 0; n < 30; n += 1) await store.create(`${prefix}${n}`, Buffer.alloc(500_000, n));
      const changes = await collect(store, prefix, start, 30);
      assert.deepEqual(
        changes.map((change) => change.type === 'put' && change.entry.value[0]),
        Array.from({ length: 30 }, (_, n) => n),
      );
    });

    test('a watch survives a cut connection without gap or repeat', async () => {
      const prefix = newPrefix();
      const start = await store.currentRevision();
      const watching = collect(store, prefix, start, 60);
      for (let n = 0; n < 20; n += 1) await subject.other.create(`${prefix}a${n}`, bytes('x'));
      await subject.cutConnections();
      for (let n = 0; n < 40; n += 1) await subject.other.create(`${prefix}b${n}`, bytes('x'));
      const revisions = (await watching).map(revisionOf);
      assert.deepEqual(revisions, (await collect(subject.other, prefix, start, 60)).map(revisionOf));
      await store.create(`${prefix}after`, bytes('calls work again'));
    });

    test('a watch from the future waits for it', async () => {
      const prefix = newPrefix();
      const revision = await store.create(`${prefix}0`, bytes('x'));
      const watching = collect(store, prefix, revision + 2, 1);
      await store.create(`${prefix}1`, bytes('too early'));
      await store.create(`${prefix}2`, bytes('too early'));
      const wanted = await store.create(`${prefix}3`, bytes('x'));
      assert.deepEqual((await watching).map(revisionOf), [wanted]);
    });

    test('a watch ends when it is aborted', async () => {
      const controller = new AbortController();
      const watching = (async () => {
        for await (const _ of store.watch({ prefix: newPrefix(), after: 1_000_000, signal: controller.signal }));
      })();
      await delay(5);
      controller.abort();
      await watching;
      for await (const _ of store.watch({ prefix: '/', after: 1_000_000, signal: AbortSignal.abort() })) assert.fail();
    });

    test('what was given a time to live goes by itself, and the watch sees it go', async () => {
      const prefix = newPrefix();
      const start = await store.currentRevision();
      const watching = collect(store, prefix, start, 4);
      await store.create(`${prefix}mortal`, bytes('x'), { timeToLiveSeconds: 1 });
      await store.create(`${prefix}other`, bytes('x'));
      const renewed = await store.create(`${prefix}renewed`, bytes('x'), { timeToLiveSeconds: 1 });
      await store.update(`${prefix}renewed`, bytes('y'), renewed);
      const last = collect(store, `${prefix}mortal`, start, 2);
      assert.deepEqual(
        (await last).map((change) => change.type),
        ['put', 'delete'],
      );
      assert.equal(await store.get(`${prefix}mortal`), undefined);
      assert.deepEqual(
        (await store.list({ prefix })).entries.map(({ key }) => key),
        [`${prefix}other`, `${prefix}renewed`],
      );
      await watching;
    });

    test('after a compaction the past is refused, the present is not', async () => {
      const prefix = newPrefix();
      const first = await store.create(`${prefix}a`, bytes('1'));
      const second = await store.update(`${prefix}a`, bytes('2'), first);
      const third = await store.update(`${prefix}a`, bytes('3'), second);
      await store.compact(third);
      await store.compact(third);
      await store.compact(second);
      await assert.rejects(store.list({ prefix, revision: first }), CompactedError);
      await assert.rejects(collect(store, prefix, first - 1, 1), CompactedError);
      assert.equal((await store.list({ prefix, revision: third })).entries[0]?.value.toString(), '3');
      const fourth = await store.update(`${prefix}a`, bytes('4'), third);
      assert.deepEqual((await collect(store, prefix, third, 1)).map(revisionOf), [fourth]);
    });
  });
}

const bytes = (text: string): Buffer => Buffer.from(text);
const revisionOf = (change: Change): number => (change.type === 'put' ? change.entry.revision : change.revision);

/** The first `count` changes after `after`; also holds the watch to its promises about batches. */
async function collect(store: Store, prefix: string, after: number, count: number): Promise<Change[]> {
  const controller = new AbortController();
  const changes: Change[] = [];
  let reached = after;
  for await (const batch of store.watch({ prefix, after, signal: controller.signal })) {
    assert.ok(batch.revision >= reached, `A batch at ${batch.revision} came after ${reached}`);
    for (const change of batch.changes) {
      assert.ok(revisionOf(change) > reached && revisionOf(change) <= batch.revision, 'A change was out of order');
    }
    reached = batch.revision;
    changes.push(...batch.changes);
    if (changes.length >= count) controller.abort();
  }
  assert.equal(changes.length, count);
  return changes;
}
