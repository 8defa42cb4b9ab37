/**
 * Tells users what happened to an object: core/v1 Events. Recording never blocks, never throws, and never grows
 * without bound: while the server is away a bounded number waits, and what comes on top is dropped.
 */

import { hostname } from 'node:os';
import { events } from '../api/resources/core.ts';
import { isAlreadyExists, isNotFound, isRetryable } from '../api/status-error.ts';
import { formatMicroTime, formatTime } from '../api/time.ts';
import type { Event } from '../api/types/core/v1.ts';
import { computeBackoffMs } from '../base/backoff.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Writer } from './client.ts';
import { BoundedMap, type Correlated, EventCorrelator, type EventNews, type EventSubject } from './event-correlator.ts';

/** The narrow part that a loop needs. */
export interface Recorder {
  record(subject: EventSubject, event: Pick<EventNews, 'type' | 'reason' | 'message' | 'action'>): void;
}

export interface EventRecorderOptions {
  readonly client: Pick<Writer, 'create' | 'patch'>;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Ten thousand pods that get their nodes at once: they are told of one after the other, beside more urgent writes. */
const bufferLimit = 10_000;
/** Of those that are left at the end. */
const lastLimit = 1_000;
const attempts = 10;
/** A write that takes longer than this came to a busy server: the next waits so many times as long, up to a limit. */
const leisureMs = 50;
const pauseFactor = 4;
const maxPauseMs = 5_000;
const backoff = { baseMs: 500, maxMs: 10_000 };

type Told = Pick<Correlated, 'news' | 'count' | 'firstAt'>;
type EventForm = Omit<Event, 'metadata' | 'involvedObject'>;

/** What the API takes of the newer form: bytes of the note, and of who reports. */
const maxNote = 1024;
const maxInstance = 128;

interface Written {
  readonly namespace: string;
  readonly name: string;
}

/** A note that is too long ends in dots. */
function limitNote(note: string): string {
  if (Buffer.byteLength(note) <= maxNote) return note;
  const kept = Buffer.from(note)
    .subarray(0, maxNote - 8)
    .toString();
  return `${kept.replace(/\ufffd$/, '')} ...`;
}

/** What is kept until it is written: not the whole object. */
function referenceTo({ apiVersion, kind, metadata, fieldPath }: EventSubject): EventSubject {
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    ...{ apiVersion, kind, ...(fieldPath !== undefined && { fieldPath }) },
    metadata: { ...(namespace !== undefined && { namespace }), name, uid, ...(resourceVersion && { resourceVersion }) },
  };
}

export class EventRecorder {
  readonly #client: Pick<Writer, 'create' | 'patch'>;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #correlator = new EventCorrelator();
  /** Which Event object each correlation key was written to. */
  readonly #written = new BoundedMap<Written>(4096);
  readonly #buffer: Correlated[] = [];
  #wake: () => void = () => {};
  #serial = 0n;

  constructor({ client, logger, clock = systemClock }: EventRecorderOptions) {
    this.#client = client;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** A recorder that signs as `component`, on `host` where that matters. */
  from(component: string, host = ''): Recorder {
    return { record: (subject, event) => this.#add({ subject: referenceTo(subject), component, host, ...event }) };
  }

  /** Writes what is recorded until `signal` aborts; what is left then is tried once. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake();
    signal.addEventListener('abort', wake);
    while (!signal.aborted) {
      const next = this.#buffer.shift();
      if (next !== undefined) await this.#sendInTurn(next, signal);
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    signal.removeEventListener('abort', wake);
    await Promise.all(this.#buffer.splice(0, lastLimit).map((left) => this.#send(left, signal)));
  }

  #add(news: EventNews): void {
    const correlated = this.#correlator.correlate(news, this.#clock.now());
    if (correlated === undefined || this.#buffer.length >= bufferLimit) return;
    this.#buffer.push(correlated);
    this.#wake();
  }

  /** A server that takes long has much to do: what pods wait for comes first, from this process and from all others. */
  async #sendInTurn(next: Correlated, signal: AbortSignal): Promise<void> {
    const began = this.#clock.monotonic();
    await this.#send(next, signal);
    const took = this.#clock.monotonic() - began;
    if (took > leisureMs) await this.#clock.sleep(Math.min(took * pauseFactor, maxPauseMs), signal);
  }

  async #send(correlated: Correlated, signal: AbortSignal): Promise<void> {
    const event = this.#eventOf(correlated);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#write(correlated, event);
        return;
      } catch (error) {
        if (attempt >= attempts || signal.aborted || !isRetryable(error)) {
          this.#logger.debug('An event could not be written', { reason: correlated.news.reason, error });
          return;
        }
        await this.#clock.sleep(computeBackoffMs(attempt, backoff), signal);
      }
    }
  }

  async #write({ key, count, news }: Correlated, event: Event & { metadata: Written }): Promise<void> {
    const earlier = this.#written.get(key);
    if (earlier !== undefined && count > 1) {
      try {
        // Of the newer form nothing else may change.
        const body =
          news.action === undefined
            ? { count, lastTimestamp: this.#now(), message: news.message }
            : { series: this.#seriesOf(count) };
        await this.#client.patch(events, earlier, { type: 'merge', body });
        return;
      } catch (error) {
        // The Event has outlived its time: it is written anew.
        if (!isNotFound(error)) throw error;
      }
    }
    try {
      await this.#client.create<Event>(events, event);
    } catch (error) {
      // An earlier attempt whose answer was lost.
      if (!isAlreadyExists(error)) throw error;
    }
    this.#written.set(key, event.metadata);
  }

  #eventOf({ news, count, firstAt }: Correlated): Event & { metadata: Written } {
    const { subject, type, reason } = news;
    const { name, uid, resourceVersion } = subject.metadata;
    const namespace = subject.metadata.namespace ?? 'default';
    this.#serial += 1n;
    const unique = (BigInt(this.#clock.now()) * 1_000_000n + this.#serial).toString(16);
    return {
      metadata: { namespace, name: `${name}.${unique}` },
      involvedObject: {
        apiVersion: subject.apiVersion,
        kind: subject.kind,
        ...(subject.metadata.namespace !== undefined && { namespace }),
        name,
        uid,
        ...(resourceVersion !== undefined && { resourceVersion }),
        ...(subject.fieldPath !== undefined && { fieldPath: subject.fieldPath }),
      },
      type,
      reason,
      ...(news.action === undefined
        ? this.#olderForm({ news, count, firstAt })
        : this.#newerForm({ news, count, firstAt })),
    };
  }

  #olderForm({ news, count, firstAt }: Told): EventForm {
    const { component, host, message } = news;
    return {
      message,
      source: { component, ...(host !== '' && { host }) },
      reportingComponent: component,
      reportingInstance: host,
      firstTimestamp: formatTime(firstAt),
      lastTimestamp: this.#now(),
      count,
    };
  }

  #newerForm({ news, count, firstAt }: Told): EventForm {
    const { component, host, message, action } = news;
    return {
      ...(action !== undefined && { action }),
      message: limitNote(message),
      eventTime: formatMicroTime(firstAt),
      reportingComponent: component,
      reportingInstance: `${component}-${host === '' ? hostname() : host}`.slice(0, maxInstance),
      ...(count > 1 && { series: this.#seriesOf(count) }),
    };
  }

  #seriesOf(count: number): NonNullable<Event['series']> {
    return { count, lastObservedTime: formatMicroTime(this.#clock.now()) };
  }

  #now(): string {
    return formatTime(this.#clock.now());
  }
}

/** RFC 3339 in whole seconds, as object times have it. */
