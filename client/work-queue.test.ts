import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { WorkQueue } from './work-queue.ts';

const soon = () => new Promise(setImmediate);

describe('work queue', () => {
  it('gives keys in the order of arrival, each once', async () => {
    const queue = new WorkQueue(new FakeClock());
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    assert.equal(queue.depth, 3);
    assert.deepEqual([await queue.take(), await queue.take(), await queue.take()], ['a', 'b', 'c']);
  });

  it('never has two workers on one key, and loses no change', async () => {
    const queue = new WorkQueue(new FakeClock());
    queue.add('a');
    assert.equal(await queue.take(), 'a');
    queue.add('a');
    queue.add('a');
    assert.equal(queue.depth, 0);
    queue.done('a');
    assert.equal(queue.depth, 1);
    assert.equal(await queue.take(), 'a');
    queue.done('a');
    assert.equal(queue.depth, 0);
  });

  it('wakes a waiting worker', async () => {
    const queue = new WorkQueue(new FakeClock());
    const taken = queue.take();
    queue.add('a');
    assert.equal(await taken, 'a');
  });

  it('lets waiting workers go when it closes, and drops what comes later', async () => {
    const queue = new WorkQueue(new FakeClock());
    const taken = queue.take();
    queue.close();
    queue.add('a');
    queue.addAfter('b', 10);
    assert.equal(await taken, undefined);
    assert.equal(await queue.take(), undefined);
  });

  it('delays keys; the earliest wish counts, and an immediate one replaces it', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue(clock);
    queue.addAfter('a', 1000);
    queue.addAfter('a', 500);
    queue.addAfter('a', 2000);
    queue.addAfter('b', 100);
    await clock.advance(100);
    assert.equal(await queue.take(), 'b');
    await clock.advance(399);
    assert.equal(queue.depth, 0);
    await clock.advance(1);
    assert.equal(await queue.take(), 'a');
    queue.done('a');
    queue.addAfter('a', 1000);
    queue.add('a');
    assert.equal(await queue.take(), 'a');
    queue.done('a');
    await clock.advance(5000);
    assert.equal(queue.depth, 0);
    assert.equal(clock.sleeping, 0);
  });

  it('waits longer after each failure until the key is well again', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue(clock, { baseMs: 100, maxMs: 1000, jitter: 0 });
    const waits: number[] = [];
    for (let failure = 0; failure < 6; failure += 1) {
      queue.retry('a');
      const start = clock.monotonic();
      while (queue.depth === 0) await clock.advance(50);
      waits.push(clock.monotonic() - start);
      await queue.take();
      queue.done('a');
    }
    assert.deepEqual(waits, [100, 200, 400, 800, 1000, 1000]);
    queue.retry('a', 300);
    await clock.advance(300);
    assert.equal(await queue.take(), 'a');
    queue.done('a');
    queue.forget('a');
    queue.retry('a');
    await clock.advance(100);
    assert.equal(queue.depth, 1);
  });

  it('keeps its promises under any sequence of calls', async () => {
    const step = fc.record({ do: fc.constantFrom('add', 'take', 'done'), key: fc.constantFrom('a', 'b', 'c') });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const queue = new WorkQueue(new FakeClock());
        const working = new Set<string>();
        const owed = new Set<string>();
        for (const { do: what, key } of steps) {
          if (what === 'add') {
            queue.add(key);
            owed.add(key);
          } else if (what === 'take' && queue.depth > 0) {
            const taken = (await queue.take()) ?? '';
            assert.ok(!working.has(taken), 'two workers on one key');
            assert.ok(owed.delete(taken), 'a key that nobody added');
            working.add(taken);
          } else if (what === 'done' && working.delete(key)) {
            queue.done(key);
          }
        }
        for (const key of working) queue.done(key);
        while (queue.depth > 0) owed.delete((await queue.take()) ?? '');
        assert.equal(owed.size, 0, 'a change was lost');
      }),
    );
    await soon();
  });
});
