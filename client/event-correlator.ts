/**
 * Keeps many events from becoming many objects. Three rules, each with a bounded memory:
 * - the same event again raises the count of the first one;
 * - from the tenth *similar* event within ten minutes (only the message differs) on they are one combined event;
 * - one source may write 25 events about one object, then one every five minutes.
 * Pure but for its memory; time is passed in.
 */

/** What an event is about; any object that was read from the API fits. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion?: string;
  };
  /** A part of it: `spec.containers{web}`. */
  readonly fieldPath?: string;
}

export interface EventNews {
  readonly subject: EventSubject;
  readonly component: string;
  readonly host: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** What was done or tried: `Binding`. With it the event is written in the newer form, as a series when it repeats. */
  readonly action?: string;
}

export interface Correlated {
  /** What is to be written instead: the message may have become a combined one. */
  readonly news: EventNews;
  /** Same key: same Event object. */
  readonly key: string;
  readonly count: number;
  /** Wall time in milliseconds of the first of them. */
  readonly firstAt: number;
}

const similarLimit = 10;
const similarWindowMs = 600_000;
const burst = 25;
const refillMs = 300_000;

interface Similar {
  readonly messages: Set<string>;
  lastAt: number;
}

interface Bucket {
  tokens: number;
  refilledAt: number;
}

export class EventCorrelator {
  readonly #similar = new BoundedMap<Similar>(4096);
  readonly #counts = new BoundedMap<{ count: number; firstAt: number }>(4096);
  readonly #buckets = new BoundedMap<Bucket>(4096);

  /** What to write for this event; undefined: nothing, its source says too much about this object. */
  correlate(news: EventNews, now: number): Correlated | undefined {
    const about = [news.component, news.host, news.subject.kind, news.subject.metadata.namespace];
    const object = [...about, news.subject.metadata.name, news.subject.metadata.uid].join('/');
    if (!this.#mayWrite(object, now)) return undefined;
    const similarKey = [object, news.subject.fieldPath, news.type, news.reason].join('/');
    const combined = this.#countSimilar(similarKey, news.message, now) >= similarLimit;
    const key = combined ? similarKey : `${similarKey}/${news.message}`;
    const known = this.#counts.get(key);
    const count = (known?.count ?? 0) + 1;
    const firstAt = known?.firstAt ?? now;
    this.#counts.set(key, { count, firstAt });
    const message = combined ? `(combined from similar events): ${news.message}` : news.message;
    return { news: { ...news, message }, key, count, firstAt };
  }

  #mayWrite(object: string, now: number): boolean {
    const bucket = this.#buckets.get(object) ?? { tokens: burst, refilledAt: now };
    const refill = Math.floor((now - bucket.refilledAt) / refillMs);
    if (refill > 0) {
      bucket.tokens = Math.min(burst, bucket.tokens + refill);
      bucket.refilledAt += refill * refillMs;
    }
    this.#buckets.set(object, bucket);
    if (bucket.tokens === 0) return false;
    bucket.tokens -= 1;
    return true;
  }

  #countSimilar(key: string, message: string, now: number): number {
    const known = this.#similar.get(key);
    const similar: Similar =
      known !== undefined && now - known.lastAt <= similarWindowMs ? known : { messages: new Set(), lastAt: now };
    if (similar.messages.size < similarLimit) similar.messages.add(message);
    similar.lastAt = now;
    this.#similar.set(key, similar);
    return similar.messages.size;
  }
}

/** Forgets what was not used for longest. */
export class BoundedMap<Value> {
  readonly #limit: number;
  readonly #values = new Map<string, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#limit) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }
}
