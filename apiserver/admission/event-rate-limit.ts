/** How many events may come: from all, of a namespace, of a user, or about one thing from one source. */

import { events } from '../../api/resources/core.ts';
import { eventsOfEventsGroup } from '../../api/resources/events.ts';
import { tooManyRequests } from '../../api/status-error.ts';
import type { EventSource, ObjectReference } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { type AdmissionPlugin, type AdmissionRequest, onWrite } from '../registry/admission.ts';
import {
  ConfigurationError,
  readDocument,
  readFields,
  readInteger,
  readList,
  readText,
} from './configuration-fields.ts';

const types = ['Server', 'Namespace', 'User', 'SourceAndObject'] as const;

export interface EventLimit {
  readonly type: (typeof types)[number];
  /** Events a second. */
  readonly qps: number;
  /** How many at once after a pause. */
  readonly burst: number;
  /** How many namespaces, users or sources are remembered. */
  readonly cacheSize: number;
}

interface About {
  readonly source?: EventSource | undefined;
  readonly object?: ObjectReference | undefined;
}

export function createEventRateLimit(limits: readonly EventLimit[], clock: Pick<Clock, 'monotonic'>): AdmissionPlugin {
  const limiters = limits.map((limit) => new EventLimiter(limit, clock));
  function check(request: AdmissionRequest, about: About): void {
    if (request.dryRun) return;
    // Each counts the event, also when another refuses it.
    const refusals = limiters.flatMap((limiter) => limiter.count(request, about) ?? []);
    if (refusals.length > 0) throw tooManyRequests(refusals.join(', '), 1);
  }
  return {
    name: 'EventRateLimit',
    validate: [
      onWrite(['CREATE', 'UPDATE'], events, (request) => {
        const { source, involvedObject: object } = request.object;
        check(request, { source, object });
      }),
      onWrite(['CREATE', 'UPDATE'], eventsOfEventsGroup, (request) => {
        const { deprecatedSource, reportingController = '', regarding: object } = request.object;
        check(request, { source: deprecatedSource ?? { component: reportingController }, object });
      }),
    ],
  };
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Invariants: a bucket is never fuller than `burst`; of those for whom there is no room, the longest unused go. */
class EventLimiter {
  readonly #limit: EventLimit;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: EventLimit, clock: Pick<Clock, 'monotonic'>) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Takes one from the bucket; why there is none, when it is empty. */
  count(request: AdmissionRequest, about: About): string | undefined {
    const key = this.#keyOf(request, about);
    const bucket = this.#fill(key);
    if (bucket.tokens < 1) return `limit reached on type ${this.#limit.type} for key ${key}`;
    bucket.tokens -= 1;
    return undefined;
  }

  #fill(key: string): Bucket {
    const { qps, burst, cacheSize } = this.#limit;
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledAt: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.filledAt) / 1000) * qps);
    bucket.filledAt = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > cacheSize) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    return bucket;
  }

  #keyOf({ namespace = '', user }: AdmissionRequest, { source, object }: About): string {
    switch (this.#limit.type) {
      case 'Server':
        return '';
      case 'Namespace':
        return namespace;
      case 'User':
        return user.name;
      case 'SourceAndObject': {
        const { kind, namespace: of, name, uid, apiVersion } = object ?? {};
        return [source?.component, source?.host, kind, of, name, uid, apiVersion].map((part) => part ?? '').join('');
      }
    }
  }
}

const version = 'eventratelimit.admission.k8s.io/v1alpha1';
const defaultCacheSize = 4096;

/** Upstream's `Configuration`. Throws ConfigurationError. */
export function readEventLimits(document: unknown): readonly EventLimit[] {
  if (document === undefined) return [];
  const { limits } = readDocument(document, 'Configuration', [version], ['limits']);
  const read = readList(limits, 'limits').map((limit, index) => readLimit(limit, `limits[${index}]`));
  if (read.length === 0) throw new ConfigurationError('limits: Required value');
  return read;
}

function readLimit(value: unknown, place: string): EventLimit {
  const fields = readFields(value, place, ['type', 'qps', 'burst', 'cacheSize']);
  const text = readText(fields.type, `${place}.type`);
  const type = types.find((one) => one === text);
  if (type === undefined) {
    throw new ConfigurationError(
      `${place}.type: Unsupported value: ${JSON.stringify(text)}: supported values: ${types.join(', ')}`,
    );
  }
  const positive = (name: 'qps' | 'burst'): number => {
    const number = readInteger(fields[name], `${place}.${name}`);
    if (number <= 0) throw new ConfigurationError(`${place}.${name}: Invalid value: ${number}: must be positive`);
    return number;
  };
  const cacheSize = readInteger(fields.cacheSize, `${place}.cacheSize`);
  if (cacheSize < 0)
    throw new ConfigurationError(`${place}.cacheSize: Invalid value: ${cacheSize}: must not be negative`);
  return { type, qps: positive('qps'), burst: positive('burst'), cacheSize: cacheSize || defaultCacheSize };
}
