/**
 * Runs a reconciler: informers say which keys changed, a work queue orders them, workers reconcile them.
 * Errors end here: logged once, and tried again after a growing wait.
 */

import { type KubernetesObject, keyOf } from '../api/object.ts';
import { isConflict, isRetryable } from '../api/status-error.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { ControllerMetrics } from './controller-metrics.ts';
import type { Cached, Informer, ObjectChange } from './object-cache.ts';
import { type Reconciler, TerminalError } from './reconciler.ts';
import { WorkQueue } from './work-queue.ts';

export interface ControllerOptions {
  readonly name: string;
  readonly reconciler: Reconciler;
  /** How many keys are reconciled at the same time. Default 4. */
  readonly workers?: number;
  readonly logger: Logger;
  readonly metrics?: ControllerMetrics;
  readonly clock?: Clock;
}

type Keys = Iterable<string>;

/** While the server is out of reach the world may be mended at any moment: never wait long for it. */
const longestWaitForServerMs = 5_000;
/** A controller that waits longer than this for its informers says so, and goes on waiting. */
const syncPatienceMs = 60_000;

export class Controller {
  readonly name: string;
  readonly #reconciler: Reconciler;
  readonly #workers: number;
  readonly #logger: Logger;
  readonly #metrics: ControllerMetrics | undefined;
  readonly #clock: Clock;
  readonly #queue: WorkQueue;
  readonly #synced: ((signal: AbortSignal) => Promise<void>)[] = [];
  /** Key → why nothing can be done about it, as it was logged. */
  readonly #givenUp = new Map<string, string>();
  #active = 0;

  constructor(options: ControllerOptions) {
    const { name, reconciler, workers = 4, logger, metrics, clock = systemClock } = options;
    this.name = name;
    this.#reconciler = reconciler;
    this.#workers = workers;
    this.#logger = logger.child({ controller: name });
    this.#metrics = metrics;
    this.#clock = clock;
    this.#queue = new WorkQueue(clock);
    metrics?.register(name, { depth: () => this.#queue.depth, active: () => this.#active });
  }

  /** Looks at the keys that `keysOf` names for each change. Before `run`; the informer is run by its owner. */
  watch<T extends KubernetesObject>(informer: Informer<T>, keysOf: (change: ObjectChange<T>) => Keys): this {
    informer.onChange((change) => {
      for (const key of keysOf(change)) this.#queue.add(key);
    });
    this.#synced.push((signal) => informer.synced(signal));
    return this;
  }

  /** Looks at `key` soon. */
  add(key: string): void {
    this.#queue.add(key);
  }

  addAfter(key: string, ms: number): void {
    this.#queue.addAfter(key, ms);
  }

  /** Works from the moment when all watched informers are in sync until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const close = () => this.#queue.close();
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    await this.#untilSynced(signal);
    await Promise.all(Array.from({ length: this.#workers }, () => this.#work(signal)));
    signal.removeEventListener('abort', close);
  }

  async #untilSynced(signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const patience = this.#clock.sleep(syncPatienceMs, AbortSignal.any([signal, done.signal])).then(() => {
      if (!signal.aborted && !done.signal.aborted)
        this.#logger.warn('Still waiting for the first list of what it reads');
    });
    await Promise.all(this.#synced.map((synced) => synced(signal)));
    done.abort();
    await patience;
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.#queue.take();
      if (key === undefined) return;
      this.#active += 1;
      if (!signal.aborted) await this.#reconcile(key, signal);
      this.#active -= 1;
      this.#queue.done(key);
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const startedAt = this.#clock.monotonic();
    try {
      const { requeueAfterMs } = await this.#reconciler.reconcile(key, signal);
      this.#queue.forget(key);
      this.#givenUp.delete(key);
      if (requeueAfterMs !== undefined) this.#queue.addAfter(key, requeueAfterMs);
      const outcome = requeueAfterMs === undefined ? 'success' : 'requeue_after';
      this.#metrics?.observe(this.name, outcome, this.#clock.monotonic() - startedAt);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof TerminalError) return this.#giveUp(key, error, startedAt);
      this.#queue.retry(key, isRetryable(error) ? longestWaitForServerMs : undefined);
      this.#metrics?.observe(this.name, 'error', this.#clock.monotonic() - startedAt);
      // Losing a race against another writer is an ordinary event.
      this.#logger[isConflict(error) ? 'debug' : 'warn']('Reconciling failed; trying again', { key, error });
    }
  }

  /** Until the object changes: then its key is added again. */
  #giveUp(key: string, error: TerminalError, startedAt: number): void {
    this.#queue.forget(key);
    this.#metrics?.observe(this.name, 'terminal_error', this.#clock.monotonic() - startedAt);
    // What is around it may change a thousand times, and each time it is looked at again.
    const isTold = this.#givenUp.get(key) === error.message;
    this.#givenUp.set(key, error.message);
    this.#logger[isTold ? 'debug' : 'warn']('Reconciling cannot succeed before the object changes', { key, error });
  }
}

/** The commonest mapping: the changed object's own key. */
export function keyOfChange<T extends KubernetesObject>(change: ObjectChange<T>): string[] {
  return [keyOf(objectOfChange(change))];
}

/** The newest state that is known of the changed object. */
export function objectOfChange<T extends KubernetesObject>(change: ObjectChange<T>): Cached<T> {
  return change.type === 'deleted' ? change.previous : change.next;
}
