/**
 * The seats of one priority level and the queues before them. Each flow has a hand of queues; of these a request waits
 * in the one where least is waiting. Which queue is served next is decided as if all had been served a little at a time:
 * by virtual time, of which each queue gets as much as every other.
 *
 * Invariants: seats in use are never more than the limit, but for one request that alone is wider; nothing waits while
 * there is room for the first of the queue whose turn it is; each waiting request is settled once.
 */

import type { Clock } from '../../base/clock.ts';
import { DemandMeter } from './seat-demand.ts';
import { dealHand } from './shuffle-sharding.ts';

export interface Queuing {
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

/** As upstream's metrics call them. */
export type RejectReason = 'concurrency-limit' | 'queue-full' | 'time-out' | 'cancelled';

export class Rejected extends Error {
  readonly reason: RejectReason;

  constructor(reason: RejectReason) {
    super(reason);
    this.reason = reason;
  }
}

export interface Entrant {
  /** Whose: by name of schema and what tells its flows apart. */
  readonly flow: string;
  /** Seats that it takes. */
  readonly width: number;
  /** Aborts when nobody waits for the answer any more. Asked for only when it has to wait. */
  abandoned(): AbortSignal;
}

interface Waiting {
  readonly entrant: Entrant;
  readonly since: number;
  start(leave: () => void): void;
}

class Queue {
  readonly waiting: Waiting[] = [];
  seatsWaiting = 0;
  seatsInUse = 0;
  executing = 0;
  /** Virtual time at which its next request begins. */
  nextStart = 0;

  get isActive(): boolean {
    return this.waiting.length > 0 || this.executing > 0;
  }
}

/** What a request is believed to take until it is over. */
const guessedMs = 3;
/** Hands are dealt again for whom there is no room: it is a matter of microseconds. */
const maxHands = 2000;

export class FairQueues {
  readonly #clock: Clock;
  readonly #maxWaitMs: number;
  readonly demand: DemandMeter;
  #queuing: Queuing | undefined;
  #queues: Queue[] = [new Queue()];
  readonly #hands = new Map<string, readonly number[]>();
  #limit = 0;
  #seatsInUse = 0;
  #seatsWaiting = 0;
  #executing = 0;
  #waiting = 0;
  /** Queues in which something waits or of which something is in work. */
  #active = 0;
  #virtualTime = 0;
  #advancedAt: number;

  /** Whoever waits longer than `maxWaitMs` is refused. */
  constructor(clock: Clock, maxWaitMs: number) {
    this.#clock = clock;
    this.#maxWaitMs = maxWaitMs;
    this.#advancedAt = clock.monotonic();
    this.demand = new DemandMeter(this.#advancedAt);
  }

  get stats() {
    return {
      seatsInUse: this.#seatsInUse,
      seatsWaiting: this.#seatsWaiting,
      executing: this.#executing,
      waiting: this.#waiting,
      limit: this.#limit,
      active: this.#active,
    };
  }

  /** For people who look for what is wrong. */
  get queues(): readonly (Pick<Queue, 'seatsWaiting' | 'seatsInUse' | 'executing' | 'nextStart'> & {
    readonly waiting: readonly { readonly entrant: Entrant; readonly since: number }[];
  })[] {
    return this.#queues;
  }

  get virtualTime(): number {
    return this.#virtualTime;
  }

  set limit(seats: number) {
    this.#advance();
    this.#limit = seats;
    this.#dispatch();
  }

  /** Undefined: who finds no seat is refused at once. What waits goes on waiting, in other queues if need be. */
  set queuing(queuing: Queuing | undefined) {
    const before = this.#queuing;
    this.#queuing = queuing;
    if (before?.queues === queuing?.queues && before?.handSize === queuing?.handSize) return;
    this.#hands.clear();
    const moving = this.#queues.flatMap(({ waiting }) => waiting.splice(0)).sort((a, b) => a.since - b.since);
    this.#active = this.#queues.filter((queue) => queue.isActive).length;
    this.#queues = Array.from({ length: queuing?.queues ?? 1 }, () => new Queue());
    this.#seatsWaiting = 0;
    this.#waiting = 0;
    for (const one of moving) this.#push(this.#queueFor(one.entrant), one);
    this.#dispatch();
  }

  /** What gives the seats back, at once or once there are some. Rejects with `Rejected`. */
  enter(entrant: Entrant): (() => void) | Promise<() => void> {
    this.#advance();
    const queue = this.#queueFor(entrant);
    if (this.#waiting === 0 && this.#hasRoom(entrant.width)) return this.#begin(queue, entrant.width);
    if (this.#queuing === undefined) throw new Rejected('concurrency-limit');
    if (queue.waiting.length >= this.#queuing.queueLengthLimit) throw new Rejected('queue-full');
    return this.#wait(queue, entrant);
  }

  #wait(queue: Queue, entrant: Entrant): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const settled = new AbortController();
      const abandoned = entrant.abandoned();
      const one: Waiting = {
        entrant,
        since: this.#clock.monotonic(),
        start(leave) {
          settle();
          resolve(leave);
        },
      };
      const settle = (): void => {
        settled.abort();
        abandoned.removeEventListener('abort', cancel);
      };
      const giveUp = (reason: RejectReason): void => {
        if (settled.signal.aborted) return;
        settle();
        this.#remove(one);
        reject(new Rejected(reason));
      };
      const cancel = (): void => giveUp('cancelled');
      this.#push(queue, one);
      this.#measure();
      if (abandoned.aborted) return cancel();
      abandoned.addEventListener('abort', cancel, { once: true });
      void this.#clock.sleep(this.#maxWaitMs, settled.signal).then(() => giveUp('time-out'));
    });
  }

  #push(queue: Queue, one: Waiting): void {
    this.#activate(queue);
    queue.waiting.push(one);
    queue.seatsWaiting += one.entrant.width;
    this.#seatsWaiting += one.entrant.width;
    this.#waiting += 1;
  }

  /** Wherever it waits by now. */
  #remove(one: Waiting): void {
    this.#advance();
    const queue = this.#queues.find(({ waiting }) => waiting.includes(one));
    if (queue === undefined) return;
    queue.waiting.splice(queue.waiting.indexOf(one), 1);
    this.#forget(queue, one);
    this.#measure();
    // The one behind it may fit.
    this.#dispatch();
  }

  #forget(queue: Queue, { entrant }: Waiting): void {
    queue.seatsWaiting -= entrant.width;
    this.#seatsWaiting -= entrant.width;
    this.#waiting -= 1;
    if (!queue.isActive) this.#active -= 1;
  }

  #queueFor({ flow }: Entrant): Queue {
    let best: Queue | undefined;
    for (const index of this.#handOf(flow)) {
      const queue = this.#queues[index];
      if (queue !== undefined && (best === undefined || loadOf(queue) < loadOf(best))) best = queue;
    }
    return best ?? this.#firstQueue();
  }

  #firstQueue(): Queue {
    const [first = new Queue()] = this.#queues;
    return first;
  }

  #handOf(flow: string): readonly number[] {
    if (this.#queuing === undefined) return [0];
    let hand = this.#hands.get(flow);
    if (hand === undefined) {
      hand = dealHand(flow, this.#queuing);
      if (this.#hands.size >= maxHands) this.#hands.clear();
      this.#hands.set(flow, hand);
    }
    return hand;
  }

  /** What is wider than all there is comes in alone. */
  #hasRoom(width: number): boolean {
    return this.#seatsInUse + width <= this.#limit || (this.#seatsInUse === 0 && this.#limit > 0);
  }

  /** To be called before it gets something. An idle queue has saved up nothing. */
  #activate(queue: Queue): void {
    if (queue.isActive) return;
    this.#active += 1;
    queue.nextStart = Math.max(queue.nextStart, this.#virtualTime);
  }

  #begin(queue: Queue, width: number): () => void {
    this.#activate(queue);
    queue.nextStart += guessedMs * width;
    queue.seatsInUse += width;
    queue.executing += 1;
    this.#seatsInUse += width;
    this.#executing += 1;
    this.#measure();
    const begunAt = this.#advancedAt;
    let isSeated = true;
    return () => {
      if (!isSeated) return;
      isSeated = false;
      this.#end(queue, width, begunAt);
    };
  }

  #end(queue: Queue, width: number, begunAt: number): void {
    this.#advance();
    queue.seatsInUse -= width;
    queue.executing -= 1;
    this.#seatsInUse -= width;
    this.#executing -= 1;
    if (!queue.isActive) this.#active -= 1;
    // Now it is known what it took.
    queue.nextStart += (this.#advancedAt - begunAt - guessedMs) * width;
    this.#measure();
    if (this.#waiting > 0) this.#dispatch();
  }

  #dispatch(): void {
    while (this.#waiting > 0) {
      const queue = this.#nextQueue();
      const [one] = queue?.waiting ?? [];
      if (queue === undefined || one === undefined || !this.#hasRoom(one.entrant.width)) return;
      queue.waiting.shift();
      this.#forget(queue, one);
      one.start(this.#begin(queue, one.entrant.width));
    }
  }

  /** The one whose first request would be the first to end. */
  #nextQueue(): Queue | undefined {
    let next: Queue | undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues) {
      const [one] = queue.waiting;
      if (one === undefined) continue;
      const end = queue.nextStart + guessedMs * one.entrant.width;
      if (end < earliest) [next, earliest] = [queue, end];
    }
    return next;
  }

  /** Virtual time runs as fast as each active queue is served. */
  #advance(): void {
    const now = this.#clock.monotonic();
    const served = Math.min(this.#seatsInUse + this.#seatsWaiting, this.#limit);
    this.#virtualTime += ((now - this.#advancedAt) * served) / Math.max(1, this.#active);
    this.#advancedAt = now;
  }

  #measure(): void {
    this.demand.set(this.#seatsInUse + this.#seatsWaiting, this.#advancedAt);
  }
}

const loadOf = (queue: Queue): number => queue.seatsWaiting + queue.seatsInUse;
