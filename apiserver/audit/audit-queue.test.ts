import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { createDeferred } from '../../base/deferred.ts';
import { silentLogger } from '../../base/logger.ts';
import { AuditQueue, type AuditQueueOptions, type AuditSink } from './audit-queue.ts';

const event = (text: string, bytes = 1) => ({ bytes, toJson: () => text });

function queueOver(write: AuditSink['write'], options: Partial<AuditQueueOptions> = {}) {
  const lost = { events: 0 };
  const queue = new AuditQueue({
    sink: { name: 'test', write },
    clock: systemClock,
    logger: silentLogger,
    maxEvents: 5,
    maxBytes: 100,
    batchEvents: 3,
    batchWaitMs: 5,
    attempts: 1,
    throttleMs: 0,
    lost: (events) => {
      lost.events += events;
    },
    ...options,
  });
  return { queue, lost };
}

describe('AuditQueue', () => {
  it('writes everything in batches, in order, also what is there when it stops', async () => {
    const batches: string[][] = [];
    const { queue, lost } = queueOver(async (events) => void batches.push([...events]), { maxEvents: 100 });
    for (let index = 0; index < 8; index += 1) queue.add(event(String(index)));
    await queue.stop();
    assert.deepEqual(batches.flat(), ['0', '1', '2', '3', '4', '5', '6', '7']);
    assert.ok(batches.every(({ length }) => length <= 3));
    assert.equal(lost.events, 0);
  });

  it('holds no more than it may, by number and by size, while nothing is taken', async () => {
    const taken = createDeferred<void>();
    const { queue, lost } = queueOver(() => taken.promise);
    for (let index = 0; index < 5; index += 1) queue.add(event('a'));
    queue.add(event('too many'));
    assert.equal(lost.events, 1);
    taken.resolve();
    await queue.stop();
    const { queue: other, lost: lostBySize } = queueOver(async () => undefined);
    other.add(event('large', 101));
    assert.equal(lostBySize.events, 1);
    await other.stop();
  });

  it('loses what cannot be written, and goes on', async () => {
    let isBroken = true;
    const written: string[] = [];
    const first = createDeferred<void>();
    const { queue, lost } = queueOver(async (events) => {
      if (isBroken) {
        first.resolve();
        throw new Error('the disk is full');
      }
      written.push(...events);
    });
    queue.add(event('a'));
    await first.promise;
    isBroken = false;
    queue.add(event('b'));
    await queue.stop();
    assert.equal(lost.events, 1);
    assert.deepEqual(written, ['b']);
  });

  it('tries a batch again', async () => {
    let tries = 0;
    const written: string[] = [];
    const done = createDeferred<void>();
    const { queue, lost } = queueOver(
      async (events) => {
        tries += 1;
        if (tries === 1) throw new Error('not now');
        written.push(...events);
        done.resolve();
      },
      { attempts: 2 },
    );
    queue.add(event('a'));
    await done.promise;
    await queue.stop();
    assert.deepEqual(written, ['a']);
    assert.equal(lost.events, 0);
  });
});
