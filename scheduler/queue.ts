/**
 * The pods that wait for a node, in one of these states:
 *
 *     set                pop                      markUnschedulable (fits nowhere)
 *   ───────► active ───────────► in decision ─────────────────────► unschedulable
 *              ▲                      │ retry (an error)                   │ an event that may help,
 *              │                      ▼                                    │ or five minutes
 *              └───────────────── backing off ◄────────────────────────────┘
 *                  wait is over
 *
 * While it is held (room is being made for it) an unschedulable pod stays so; what would have helped it meanwhile does
 * when it is released.
 *
 * Invariants:
 * - `active` gives the most important pod first, among equals the one that came first; an attempt that fails counts as
 *   coming anew, so that pods which cannot be placed do not stand in the way of others.
 * - The wait doubles with each attempt, from 1 to 10 s, counted from the last one: a unschedulable pod whose wait is over
 *   becomes active at once.
 * - A pod is in the queue once; one that is deleted or bound is nowhere in it.
 */

import TinyQueue from 'tinyqueue';
import type { Clock } from '../base/clock.ts';
import type { ClusterEvent } from './framework.ts';
import type { PodInfo } from './pod-info.ts';

type State = 'active' | 'in decision' | 'backing off' | 'unschedulable';

interface Entry {
  pod: PodInfo;
  state: State;
  /** Decisions that failed: no node fits, or an error. */
  attempts: number;
  /** When the pod came, or failed last, in the queue's own count: the order among equals. */
  order: number;
  /** Monotonic milliseconds of the last failed attempt. */
  failedAt: number;
  /** While unschedulable: the changes that may help. */
  helpfulEvents: ReadonlySet<ClusterEvent>;
  hold: 'none' | 'held' | 'held, and helped meanwhile';
}

interface Place {
  readonly entry: Entry;
  readonly priority: number;
  readonly order: number;
}

export interface QueueOptions {
  readonly clock: Clock;
  readonly baseBackoffMs?: number;
  readonly maxBackoffMs?: number;
  /** Parked pods are tried again after so long even if nothing seems to help them. */
  readonly maxUnschedulableMs?: number;
}

/** How often waits are looked at while pods back off: so much later than due may a pod come back. */
const busyTickMs = 100;
const idleTickMs = 1_000;

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #baseBackoffMs: number;
  readonly #maxBackoffMs: number;
  readonly #maxUnschedulableMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #backingOff = new Set<Entry>();
  readonly #unschedulable = new Set<Entry>();
  /** May hold outdated places: of entries that are not active any more, or have another priority. */
  readonly #active = new TinyQueue<Place>([], (a, b) => b.priority - a.priority || a.order - b.order);
  #order = 0;
  #notify: () => void = () => {};

  constructor({ clock, baseBackoffMs = 1_000, maxBackoffMs = 10_000, maxUnschedulableMs = 300_000 }: QueueOptions) {
    this.#clock = clock;
    this.#baseBackoffMs = baseBackoffMs;
    this.#maxBackoffMs = maxBackoffMs;
    this.#maxUnschedulableMs = maxUnschedulableMs;
  }

  /** Called when there may be something to pop. */
  onReady(notify: () => void): void {
    this.#notify = notify;
  }

  count(state: State): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.state === state) count++;
    return count;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** A new pod, or a newer version of a known one; `mayHelp`: the change may let it fit. */
  set(pod: PodInfo, mayHelp: boolean): void {
    const known = this.#entries.get(pod.key);
    if (known === undefined || known.pod.uid !== pod.uid) {
      this.delete(pod.key);
      const entry: Entry = {
        pod,
        state: 'active',
        attempts: 0,
        order: this.#order++,
        failedAt: 0,
        helpfulEvents: new Set(),
        hold: 'none',
      };
      this.#entries.set(pod.key, entry);
      this.#activate(entry);
      return;
    }
    const moved = known.pod.priority !== pod.priority;
    known.pod = pod;
    if (known.state === 'active' && moved) this.#activate(known);
    if (known.state === 'unschedulable' && mayHelp) this.#leaveUnschedulable(known);
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#backingOff.delete(entry);
    this.#unschedulable.delete(entry);
  }

  /** The next pod to decide on; it stays known until it is bound, unschedulable, retried or deleted. */
  pop(): PodInfo | undefined {
    for (let place = this.#active.pop(); place !== undefined; place = this.#active.pop()) {
      const { entry, priority } = place;
      const outdated = entry.state !== 'active' || entry.pod.priority !== priority;
      if (outdated || this.#entries.get(entry.pod.key) !== entry) continue;
      entry.state = 'in decision';
      return entry.pod;
    }
    return undefined;
  }

  /** The pod fits nowhere: it waits for one of these changes. */
  markUnschedulable(pod: PodInfo, helpfulEvents: ReadonlySet<ClusterEvent>): void {
    const entry = this.#failed(pod);
    if (entry === undefined) return;
    entry.helpfulEvents = helpfulEvents;
    entry.state = 'unschedulable';
    this.#unschedulable.add(entry);
  }

  /** Room is being made for this unschedulable pod: it is not tried before `release`. */
  hold(pod: PodInfo): void {
    const entry = this.#entryOf(pod);
    if (entry?.state === 'unschedulable') entry.hold = 'held';
  }

  /** There is room, or will be when its victims have ended; or that failed, and another attempt has to find another way. */
  release(pod: PodInfo, room: 'made' | 'failed'): void {
    const entry = this.#entryOf(pod);
    if (entry === undefined || entry.hold === 'none') return;
    const isHelped = room === 'failed' || entry.hold === 'held, and helped meanwhile';
    entry.hold = 'none';
    if (isHelped) this.#leaveUnschedulable(entry);
  }

  /** The decision came to nothing by an error: again after the wait. */
  retry(pod: PodInfo): void {
    const entry = this.#failed(pod);
    if (entry !== undefined) this.#backOff(entry);
  }

  /** What `change` may help is tried again: once its wait is over. */
  moveToActiveOrBackoff(change: ClusterEvent): void {
    for (const entry of [...this.#unschedulable]) if (entry.helpfulEvents.has(change)) this.#leaveUnschedulable(entry);
  }

  /** Lets pods go on whose wait is over, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(this.#backingOff.size > 0 ? busyTickMs : idleTickMs, signal);
      const now = this.#clock.monotonic();
      for (const entry of [...this.#backingOff]) if (now >= this.#readyAt(entry)) this.#activate(entry);
      for (const entry of [...this.#unschedulable])
        if (now - entry.failedAt >= this.#maxUnschedulableMs) this.#leaveUnschedulable(entry);
    }
  }

  #failed(pod: PodInfo): Entry | undefined {
    const entry = this.#entryOf(pod);
    if (entry?.state !== 'in decision') return undefined;
    entry.attempts++;
    entry.order = this.#order++;
    entry.failedAt = this.#clock.monotonic();
    return entry;
  }

  #entryOf({ key, uid }: PodInfo): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry?.pod.uid === uid ? entry : undefined;
  }

  #readyAt({ failedAt, attempts }: Entry): number {
    return failedAt + Math.min(this.#maxBackoffMs, this.#baseBackoffMs * 2 ** (attempts - 1));
  }

  #leaveUnschedulable(entry: Entry): void {
    if (entry.hold !== 'none') {
      entry.hold = 'held, and helped meanwhile';
      return;
    }
    this.#unschedulable.delete(entry);
    if (this.#clock.monotonic() >= this.#readyAt(entry)) this.#activate(entry);
    else this.#backOff(entry);
  }

  #backOff(entry: Entry): void {
    entry.state = 'backing off';
    this.#backingOff.add(entry);
  }

  #activate(entry: Entry): void {
    entry.state = 'active';
    this.#backingOff.delete(entry);
    this.#active.push({ entry, priority: entry.pod.priority, order: entry.order });
    this.#notify();
  }
}
