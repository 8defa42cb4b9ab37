/**
 * Does what takes long in threads of their own, so that no request waits for another one's three megabytes. One thread
 * begins with the first job; another one when those there are have been busy for a while and somebody else waits. They
 * end when there has been nothing to do for a while: a cluster at rest does not pay for them.
 *
 *   job ─► waits for its user's turn ─► a thread at leisure ─► done │ too long, too much memory: ends with its thread
 *                                    └► a new one, after `patienceMs`
 *
 * Whatever a job does, it harms nobody else: a user has one job under way at most (`waiting-jobs.ts`).
 */

import { serviceUnavailable, timeout } from '../../api/status-error.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { JobOptions, OtherThread } from '../request/other-thread.ts';
import { HeavyThread, type Job } from './heavy-thread.ts';
import { WaitingJobs } from './waiting-jobs.ts';

/** Bodies and objects from here on are heavy: less takes a few milliseconds, and another thread would only add to it. */
const heavyBytes = 32 * 1024;

export interface HeavyWorkOptions {
  /** How long one job may take. Default 20 s. */
  readonly limitMs?: number;
  /** How much longer the first job of a thread may take, which has to load first. Default one minute. */
  readonly startMs?: number;
  /** A thread ends after this long without a job. Default one minute. */
  readonly idleMs?: number;
  /** How large a thread's heap may become. Default 1 GiB. */
  readonly maxHeapMegabytes?: number;
  /** So many threads at most. Default 3. */
  readonly maxThreads?: number;
  /** How long somebody waits for the threads there are before there is another one. Default half a second. */
  readonly patienceMs?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
}

export class HeavyWork implements OtherThread {
  readonly #options: Required<HeavyWorkOptions>;
  readonly #waiting = new WaitingJobs();
  readonly #threads = new Set<HeavyThread>();
  #patience: NodeJS.Timeout | undefined;

  constructor(options: HeavyWorkOptions = {}) {
    const defaults = { limitMs: 20_000, startMs: 60_000, idleMs: 60_000, maxHeapMegabytes: 1024 };
    this.#options = { ...defaults, maxThreads: 3, patienceMs: 500, clock: systemClock, ...options };
  }

  isHeavy(bytes: number): boolean {
    return bytes >= heavyBytes;
  }

  run(name: string, input: object, options: JobOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ message: { name, input }, options, resolve, reject });
      this.#next();
    });
  }

  /** Jobs that have not ended fail. */
  async close(): Promise<void> {
    const stopping = serviceUnavailable('the server is stopping');
    for (const job of this.#waiting.takeAll()) job.reject(stopping);
    for (const thread of this.#threads) thread.end(stopping);
  }

  #next(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    for (const thread of this.#threads) if (thread.job === undefined && !this.#give(thread)) break;
    if (!this.#waiting.isAnyDue) return;
    const { maxThreads, patienceMs } = this.#options;
    if (this.#threads.size === 0) this.#give(this.#open());
    else if (this.#threads.size < maxThreads)
      this.#patience = setTimeout(() => {
        if (this.#waiting.isAnyDue) this.#give(this.#open());
        this.#next();
      }, patienceMs).unref();
  }

  #open(): HeavyThread {
    const thread: HeavyThread = new HeavyThread({
      maxHeapMegabytes: this.#options.maxHeapMegabytes,
      onFree: () => {
        if (thread.isEnded) this.#threads.delete(thread);
        this.#next();
      },
    });
    this.#threads.add(thread);
    return thread;
  }

  /** False: there is nothing for it to do. */
  #give(thread: HeavyThread): boolean {
    for (let job = this.#waiting.next(); job !== undefined; job = this.#waiting.next()) {
      const given = this.#noting(job);
      try {
        job.options.throwIfAbandoned();
        this.#begin(thread, given);
        return true;
      } catch (error) {
        given.reject(error);
      }
    }
    thread.rest(this.#options.idleMs);
    return false;
  }

  #begin(thread: HeavyThread, job: Job): void {
    const { limitMs, startMs } = this.#options;
    const late = () => timeout(`The request takes more than ${limitMs / 1000} s of work`);
    thread.begin(job, thread.isLoaded ? limitMs : limitMs + startMs, late);
  }

  /** The same job; when it is over, it is known how long it took. */
  #noting(job: Job): Job {
    const { clock } = this.#options;
    const began = clock.monotonic();
    const done = () => this.#waiting.done(job, clock.monotonic() - began);
    return {
      ...job,
      resolve(output) {
        done();
        job.resolve(output);
      },
      reject(error) {
        done();
        job.reject(error);
      },
    };
  }
}
