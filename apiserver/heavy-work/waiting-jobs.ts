/**
 * Jobs that wait for a thread. Whose turn it is: of the users who have no job under way, the one whose jobs have taken
 * the least time so far; each user's jobs in their order. So who makes much work waits for himself. Pure.
 */

import type { Job } from './heavy-thread.ts';

export class WaitingJobs {
  /** Of each user who waits. */
  readonly #queues = new Map<string, Job[]>();
  /** In milliseconds, since there was last nothing to do. */
  readonly #used = new Map<string, number>();
  readonly #busy = new Set<string>();

  add(job: Job): void {
    const { user } = job.options;
    const queue = this.#queues.get(user.name);
    if (queue === undefined) this.#queues.set(user.name, [job]);
    else queue.push(job);
  }

  /** Undefined: nobody waits but for himself. Who is told of a job says when it is `done`. */
  next(): Job | undefined {
    const user = this.#leastServed();
    const queue = user === undefined ? undefined : this.#queues.get(user);
    const job = queue?.shift();
    if (user === undefined || job === undefined) return undefined;
    if (queue?.length === 0) this.#queues.delete(user);
    this.#busy.add(user);
    return job;
  }

  /** Whether `next` would give a job. */
  get isAnyDue(): boolean {
    return this.#leastServed() !== undefined;
  }

  done({ options: { user } }: Job, tookMs: number): void {
    this.#busy.delete(user.name);
    this.#used.set(user.name, (this.#used.get(user.name) ?? 0) + tookMs);
    if (this.#busy.size === 0 && this.#queues.size === 0) this.#used.clear();
  }

  /** None waits any more. */
  takeAll(): Job[] {
    const all = [...this.#queues.values()].flat();
    this.#queues.clear();
    return all;
  }

  #leastServed(): string | undefined {
    let least: string | undefined;
    for (const user of this.#queues.keys()) {
      if (this.#busy.has(user)) continue;
      if (least === undefined || (this.#used.get(user) ?? 0) < (this.#used.get(least) ?? 0)) least = user;
    }
    return least;
  }
}
