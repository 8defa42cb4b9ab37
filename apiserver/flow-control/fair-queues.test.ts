import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { type Entrant, FairQueues, Rejected } from './fair-queues.ts';
import { dealHand } from './shuffle-sharding.ts';

const never = new AbortController().signal;
const from = (flow: string, width = 1, signal = never): Entrant => ({ flow, width, abandoned: () => signal });
const isRejected = (reason: string) => (error: unknown) => error instanceof Rejected && error.reason === reason;

describe('fair queues', () => {
  let clock: FakeClock;
  let queues: FairQueues;
  /** Flows in the order in which they got their seats. */
  let served: string[];
  let leaving: (() => void)[];
  beforeEach(() => {
    clock = new FakeClock();
    queues = new FairQueues(clock, 15_000);
    queues.queuing = { queues: 32, handSize: 4, queueLengthLimit: 3 };
    queues.limit = 2;
    served = [];
    leaving = [];
  });

  /** The outcome of those that wait. */
  async function ask(entrant: Entrant): Promise<void> {
    leaving.push(await queues.enter(entrant));
    served.push(entrant.flow);
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it('give seats at once while there are some, and never more', async () => {
    void ask(from('a'));
    void ask(from('a'));
    const third = ask(from('a'));
    await settle();
    assert.equal(served.length, 2);
    assert.deepEqual(queues.stats, { seatsInUse: 2, seatsWaiting: 1, executing: 2, waiting: 1, limit: 2, active: 3 });
    leaving[0]?.();
    leaving[0]?.();
    await third;
    assert.equal(queues.stats.seatsInUse, 2);
    for (const leave of leaving) leave();
    const idle = { seatsInUse: 0, seatsWaiting: 0, executing: 0, waiting: 0, limit: 2, active: 0 };
    assert.deepEqual(queues.stats, idle);
  });

  it('serve a modest flow in between, however many a greedy one sends', async () => {
    queues.limit = 1;
    const greedy = Array.from({ length: 8 }, () => ask(from('greedy')));
    const modest = ask(from('modest'));
    for (let turn = 0; turn < 9; turn += 1) {
      await settle();
      await clock.advance(10);
      leaving.at(-1)?.();
    }
    await Promise.all([...greedy, modest]);
    assert.ok(served.indexOf('modest') <= 4, served.join());
  });

  it('refuse what finds its hand full', async () => {
    queues.queuing = { queues: 1, handSize: 1, queueLengthLimit: 3 };
    const all = Array.from({ length: 5 }, () => ask(from('a')));
    assert.throws(() => queues.enter(from('a')), isRejected('queue-full'));
    for (let turn = 0; turn < 5; turn += 1) {
      await settle();
      leaving[turn]?.();
    }
    await Promise.all(all);
  });

  it('refuse at once where nobody is to wait', () => {
    queues.queuing = undefined;
    void queues.enter(from('a', 2));
    assert.throws(() => queues.enter(from('b')), isRejected('concurrency-limit'));
  });

  it('let nobody wait for ever, nor for whom nobody waits', async () => {
    queues.limit = 1;
    await ask(from('a'));
    const late = assert.rejects(ask(from('late')), isRejected('time-out'));
    const gone = new AbortController();
    const left = assert.rejects(ask(from('left', 1, gone.signal)), isRejected('cancelled'));
    gone.abort();
    await left;
    await clock.advance(15_000);
    await late;
    assert.equal(queues.stats.waiting, 0);
  });

  it('let what is wider than all there is come in alone', async () => {
    const wide = queues.enter(from('wide', 9));
    assert.ok(typeof wide === 'function');
    const next = ask(from('a'));
    await settle();
    assert.deepEqual(served, []);
    wide();
    await next;
  });

  it('move those that wait when there are other queues, and lose none', async () => {
    queues.limit = 1;
    const all = ['a', 'b', 'c', 'd'].map((flow) => ask(from(flow)));
    await settle();
    queues.queuing = { queues: 2, handSize: 1, queueLengthLimit: 9 };
    assert.equal(queues.stats.waiting, 3);
    queues.limit = 4;
    await Promise.all(all);
    for (const leave of leaving) leave();
    assert.deepEqual([queues.stats.seatsInUse, queues.stats.active], [0, 0]);
  });
});

describe('the hand of a flow', () => {
  it('is the same each time, and has no queue twice', () => {
    for (const flow of ['', 'a', 'system:node:x']) {
      const hand = dealHand(flow, { queues: 64, handSize: 6 });
      assert.deepEqual(dealHand(flow, { queues: 64, handSize: 6 }), hand);
      assert.equal(new Set(hand).size, 6);
      assert.ok(hand.every((queue) => queue >= 0 && queue < 64));
    }
    assert.deepEqual(dealHand('a', { queues: 2, handSize: 8 }).sort(), [0, 1]);
  });
});
