/**
 * A watch on etcd that mends itself. Not etcd3's own watcher: that one goes on from the revision in an answer's header,
 * which, while etcd is still sending the past, is ahead of the events sent so far, so a cut at that moment loses some.
 *
 * Invariants:
 * - `reached` moves only to the revision of the last event handed out, or to that of a progress notification (which
 *   etcd sends only when everything before it was sent);
 * - events of one revision that arrive in several fragments are handed out together;
 * - each new stream asks for `reached + 1`: no gap, no repeat;
 * - what arrives in one turn of the event loop is one batch: etcd sends nearly every change by itself, and each batch
 *   costs every watcher that it concerns a write to its connection.
 */

import { Readable } from 'node:stream';
import type { IDuplexStream, IWatchRequest, IWatchResponse } from 'etcd3';
import { computeBackoffMs } from '../../base/backoff.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { entryOf, prefixRange } from './etcd-messages.ts';
import { inTurns } from './in-turns.ts';
import { type Change, CompactedError, type WatchBatch, type WatchOptions } from './store.ts';

export interface EtcdWatchParts {
  open(): Promise<IDuplexStream<IWatchRequest, IWatchResponse>>;
  currentRevision(): Promise<number>;
  readonly clock?: Clock;
  /** Called for each stream that broke. */
  onBroken?(error: unknown): void;
}

const backoff = { baseMs: 50, maxMs: 1_000 };

export async function* watchEtcd(
  { open, currentRevision, clock = systemClock, onBroken }: EtcdWatchParts,
  { prefix, after, signal }: WatchOptions,
): AsyncGenerator<WatchBatch, void, void> {
  let reached = after;
  /** The highest revision of the store that this watch was ever told. */
  let newest = 0;
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const arrived of responses(open, { prefix, after: reached, signal })) {
        failures = 0;
        const changes: Change[] = [];
        const before = reached;
        for (const response of arrived) {
          const storeRevision = Number(response.header.revision);
          if (response.created && storeRevision < newest) await refuseReplacedStore(currentRevision, newest);
          newest = Math.max(newest, storeRevision);
          reached = collect(response, reached, changes);
        }
        if (changes.length > 0 || reached > before) yield { changes, revision: reached };
      }
    } catch (error) {
      if (error instanceof CompactedError) throw error;
      if (!signal.aborted) onBroken?.(error);
    }
    failures += 1;
    await clock.sleep(computeBackoffMs(failures, backoff), signal);
  }
}

/** The answers of one stream until it ends or breaks; fragments put together. Throws `CompactedError`. */
async function* responses(
  open: EtcdWatchParts['open'],
  options: WatchOptions,
): AsyncGenerator<readonly IWatchResponse[]> {
  const { prefix, after, signal } = options;
  const stream = await open();
  if (!(stream instanceof Readable)) throw new TypeError('A gRPC stream is a Readable');
  stream.on('error', () => {}); // the iteration below throws it; this one is for what comes after the iteration
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel);
  try {
    if (signal.aborted) return;
    stream.write({
      create_request: {
        ...prefixRange(prefix),
        start_revision: String(after + 1),
        progress_notify: true,
        fragment: true,
      },
    });
    let events: IWatchResponse['events'] = [];
    // A stream of the watch call gives its answers.
    for await (const arrived of inTurns<IWatchResponse>(stream)) {
      const whole: IWatchResponse[] = [];
      for (const response of arrived) {
        if (response.canceled) {
          // What came before it counts.
          if (whole.length > 0) yield whole;
          throw cancellation(response);
        }
        events = events.length === 0 ? response.events : [...events, ...response.events];
        if (response.fragment) continue;
        whole.push({ ...response, events });
        events = [];
      }
      yield whole;
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

function cancellation({ compact_revision, cancel_reason }: IWatchResponse): Error {
  if (compact_revision === '0') return new Error(`etcd ended the watch: ${cancel_reason}`);
  return new CompactedError(`The store is compacted up to ${compact_revision}`);
}

/** Adds what changed to `changes`; returns how far the watch is now. */
function collect({ created, events, header }: IWatchResponse, reached: number, changes: Change[]): number {
  if (created) return reached;
  for (const event of events) changes.push(changeOf(event));
  const last = changes.at(-1);
  return events.length > 0 && last !== undefined ? revisionOf(last) : Math.max(reached, Number(header.revision));
}

function changeOf({ type, kv }: IWatchResponse['events'][number]): Change {
  // The enumeration comes in the spelling of the protocol, which etcd3's types do not have.
  if (String(type).toUpperCase() === 'DELETE') {
    return { type: 'delete', key: kv.key.toString(), revision: Number(kv.mod_revision) };
  }
  return { type: 'put', entry: entryOf(kv), created: kv.create_revision === kv.mod_revision };
}

const revisionOf = (change: Change): number => (change.type === 'put' ? change.entry.revision : change.revision);

/** A member that lags says a lower revision for a moment; the cluster itself never does unless its data was replaced. */
async function refuseReplacedStore(currentRevision: () => Promise<number>, newest: number): Promise<void> {
  const current = await currentRevision();
  if (current < newest) throw new CompactedError(`The store went back from revision ${newest} to ${current}`);
}
