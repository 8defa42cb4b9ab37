/**
 * Between requests and a place where events go: bounded, in batches, never waited for.
 *
 * Invariants:
 * - `add` only remembers. Nothing that a sink does, or fails to do, reaches the request.
 * - More than `maxEvents` or `maxBytes` are never held: what does not fit is lost, and counted.
 * - A batch that fails is lost after `attempts`, and counted; the next is tried all the same.
 */

import { computeBackoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';

/** Where events go. Called with one batch at a time. */
export interface AuditSink {
  readonly name: string;
  /** Each is the JSON of an event. Rejects when it cannot be written; tried again, some may be there twice. */
  write(events: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface AuditQueueOptions {
  readonly sink: AuditSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** A batch is sent when there are so many, or this long after its first event. */
  readonly batchEvents: number;
  readonly batchWaitMs: number;
  readonly attempts: number;
  /** Least time from one batch to the next. */
  readonly throttleMs: number;
  /** How many events are lost. */
  lost(events: number): void;
}

export interface QueuedEvent {
  /** About how much memory it takes. */
  readonly bytes: number;
  toJson(): string;
}

const backoff = { baseMs: 500, maxMs: 10_000 };
/** Losses are told that often. */
const tellEveryMs = 60_000;
/** When the server stops, what is left gets so long. */
const flushMs = 3_000;

export class AuditQueue {
  readonly #options: AuditQueueOptions;
  #events: QueuedEvent[] = [];
  #bytes = 0;
  #wake: (() => void) | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  readonly #stopping = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #over: Promise<void>;

  constructor(options: AuditQueueOptions) {
    this.#options = options;
    this.#over = this.#run();
  }

  add(event: QueuedEvent): void {
    const { maxEvents, maxBytes, batchEvents } = this.#options;
    if (this.#events.length >= maxEvents || this.#bytes + event.bytes > maxBytes) {
      this.#lose(1, 'more than can be held');
      return;
    }
    this.#events.push(event);
    this.#bytes += event.bytes;
    if (this.#events.length === 1 || this.#events.length === batchEvents) this.#wake?.();
  }

  /** Writes what is there, for a while, and ends. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    const patience = this.#options.clock.sleep(flushMs, this.#giveUp.signal).then(() => this.#giveUp.abort());
    // A disk that does not answer cannot be told to give up.
    await Promise.race([this.#over, patience]);
    this.#giveUp.abort();
    await patience;
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { clock, batchEvents, batchWaitMs, throttleMs } = this.#options;
    for (;;) {
      if (this.#events.length === 0 && !this.#stopping.signal.aborted) await this.#untilWoken();
      if (this.#events.length < batchEvents) await this.#pause(batchWaitMs, 'until a batch is full');
      const batch = this.#events.splice(0, batchEvents);
      if (batch.length === 0) {
        if (this.#stopping.signal.aborted) return;
        continue;
      }
      const startedAt = clock.monotonic();
      await this.#write(batch);
      for (const { bytes } of batch) this.#bytes -= bytes;
      const restMs = throttleMs - (clock.monotonic() - startedAt);
      if (restMs > 0 && this.#events.length > 0) await this.#pause(restMs, 'whatever comes');
    }
  }

  async #untilWoken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  /** Ends early when the queue stops. */
  async #pause(ms: number, how: 'until a batch is full' | 'whatever comes'): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const woken = new AbortController();
    const { signal } = this.#stopping;
    const wake = () => woken.abort();
    if (how === 'until a batch is full') this.#wake = wake;
    signal.addEventListener('abort', wake);
    await this.#options.clock.sleep(ms, woken.signal);
    signal.removeEventListener('abort', wake);
    this.#wake = undefined;
  }

  async #write(batch: readonly QueuedEvent[]): Promise<void> {
    const { sink, attempts, clock } = this.#options;
    const events = batch.map((event) => event.toJson());
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await sink.write(events, this.#giveUp.signal);
      } catch (error) {
        if (attempt >= attempts || this.#stopping.signal.aborted) return this.#lose(batch.length, error);
        await clock.sleep(computeBackoffMs(attempt, backoff), this.#stopping.signal);
      }
    }
  }

  #lose(events: number, error: unknown): void {
    const { lost, clock, logger, sink } = this.#options;
    lost(events);
    if (clock.monotonic() - this.#toldAt < tellEveryMs) return;
    this.#toldAt = clock.monotonic();
    logger.warn('Audit events are lost', { sink: sink.name, error });
  }
}
