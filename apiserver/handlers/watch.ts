/**
 * WATCH: the events of a resource as they happen, from a revision or after the present state.
 *
 *   current objects as ADDED (no version, version 0, or sendInitialEvents) → bookmark that says "that was all" →
 *   events in commit order, each line made once for all watchers → end: time-out, client gone, server stopping,
 *   or an ERROR event: 410 (too old), 504 (from the future), too slow
 */

import { initialEventsEndAnnotation } from '../../api/labels.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { expired, type StatusError, tooManyRequests } from '../../api/status-error.ts';
import type { Clock } from '../../base/clock.ts';
import type { Kind } from '../../kinds/kind.ts';
import { encodeWatchFrame } from '../../machinery/codec/protobuf-writer.ts';
import type { StoredTarget } from '../registry/target.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { type ListOptions, parseListOptions } from '../request/list-options.ts';
import { type Encoding, negotiateStream, type Output } from '../responses/negotiation.ts';
import { wireObject } from '../responses/object-answers.ts';
import { type IncludeObject, parseIncludeObject, toMetadataOnly, toTable } from '../responses/tables.ts';
import type { CachedObject, CacheList, CacheWatch, Interest, ResourceCache } from '../store/resource-cache.ts';
import { CompactedError } from '../store/store.ts';
import { interestOf } from './interest.ts';
import { tooLargeVersion, waitUntilFresh } from './read.ts';
import type { WatchStream } from './watch-stream.ts';

export interface WatchContext {
  /** Opens the answer; called once, after all that can be refused was checked. Aborts `gone` when the client leaves. */
  open(gone: AbortController, encoding: Encoding): WatchStream | Promise<WatchStream>;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
  /** From 0 to 1: how much longer than the default a watch may last. */
  random(): number;
}

/** Upstream's default: somewhere between this and twice as long. */
const defaultTimeoutSeconds = 1800;

export async function watchObjects(request: ApiRequest, target: StoredTarget, context: WatchContext): Promise<void> {
  const options = parseListOptions(request.query, true);
  const output = negotiateStream(request.header('accept'));
  const encoder = new EventEncoder(target.kind, output, {
    include: output.form === 'table' ? parseIncludeObject(request.query) : 'None',
    clock: request.clock,
  });
  const { cache } = target.registry;
  const interest = interestOf(target, options);
  const startsWithState = options.sendInitialEvents ?? !options.resourceVersion;
  if (options.resourceVersion === undefined) await waitUntilFresh(cache, undefined);
  const gone = new AbortController();
  request.revoke = () => gone.abort();
  const stream = await context.open(gone, output.encoding);
  if (startsWithState && options.resourceVersion) {
    const error = await waitUntilFresh(cache, options.resourceVersion).then(
      () => undefined,
      () => tooLargeVersion(options.resourceVersion ?? 0, cache.revision),
    );
    if (error) return finish(stream, encoder.error(error));
  }
  const lifetimeMs = timeoutMs(options, context.random());
  const begun = () => request.onStreaming?.();
  const { stopping } = context;
  await new Watch({ gone: gone.signal, cache, options, stream, encoder, stopping, lifetimeMs, begun }).run(
    interest,
    startsWithState,
  );
}

function finish(stream: WatchStream, last: Buffer | string): void {
  stream.send(last);
  stream.end();
}

interface WatchParts {
  /** Aborts when the client has left. */
  readonly gone: AbortSignal;
  readonly cache: ResourceCache;
  readonly options: ListOptions;
  readonly stream: WatchStream;
  readonly encoder: EventEncoder;
  readonly stopping: AbortSignal;
  readonly lifetimeMs: number;
  /** The state that it starts with is sent, or waits for the client: what follows is cheap. May be called again. */
  begun(): void;
}

/** One running watch: takes from the cache's queue whenever the client's connection has room. `run` waits for the end. */
class Watch {
  readonly #parts: WatchParts;
  #watch: CacheWatch | undefined;
  #timeout: NodeJS.Timeout | undefined;
  #over = false;
  #settle: () => void = () => {};
  #seenRevision = 0;
  /** Of the state that the watch starts with: what is not sent yet. */
  #state: Iterator<Buffer | string> | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  async run(interest: Interest, startsWithState: boolean): Promise<void> {
    const { gone, stopping, lifetimeMs, stream } = this.#parts;
    const ended = new Promise<void>((resolve) => {
      this.#settle = resolve;
    });
    const stop = () => this.#end();
    gone.addEventListener('abort', stop);
    stopping.addEventListener('abort', stop);
    this.#timeout = setTimeout(stop, lifetimeMs);
    stream.onDrain(() => this.#send());
    this.#begin(interest, startsWithState);
    if (gone.aborted || stopping.aborted) this.#end();
    await ended;
    gone.removeEventListener('abort', stop);
    stopping.removeEventListener('abort', stop);
  }

  #begin(interest: Interest, startsWithState: boolean): void {
    const { cache, options, stream, encoder } = this.#parts;
    try {
      // The state and the watch that follows it are taken in one go, so nothing falls between them.
      const state = startsWithState ? cache.list(interest) : undefined;
      this.#seenRevision = state?.revision ?? (options.resourceVersion || cache.revision);
      this.#watch = cache.watch({
        ...interest,
        after: this.#seenRevision,
        bookmarks: options.allowWatchBookmarks,
        onAvailable: () => this.#send(),
        onEnd: (why) => this.#onEnd(why),
      });
      if (state) this.#state = this.#linesOf(state);
      else this.#parts.begun();
      this.#send();
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      stream.send(encoder.error(expired(`too old resource version: ${options.resourceVersion} (${cache.revision})`)));
      this.#end();
    }
  }

  *#linesOf(state: CacheList): Generator<Buffer | string> {
    const { options, encoder } = this.#parts;
    if (encoder.isImpossible && state.items.length > 0) return this.#end();
    for (const item of state.items) yield encoder.event('ADDED', item);
    if (options.sendInitialEvents && options.allowWatchBookmarks) yield encoder.bookmark(state.revision, true);
  }

  /** The state goes first, no faster than the client takes it: all of it at once would lie in memory for each. */
  #sendState(state: Iterator<Buffer | string>): void {
    const { stream } = this.#parts;
    while (stream.hasRoom) {
      const line = state.next();
      if (line.done) {
        this.#state = undefined;
        break;
      }
      stream.send(line.value);
    }
    this.#parts.begun();
  }

  #send(): void {
    const { stream, encoder } = this.#parts;
    if (this.#over || this.#watch === undefined) return;
    if (this.#state !== undefined) this.#sendState(this.#state);
    while (stream.hasRoom) {
      const events = this.#watch.take();
      if (events.length === 0) return;
      for (const event of events) {
        if (this.#over) return;
        if (event.type === 'BOOKMARK') {
          this.#seenRevision = event.revision;
          stream.send(encoder.bookmark(event.revision, false));
        } else {
          this.#seenRevision = event.item.revision;
          // An object has no form as metadata of a list: upstream's watch ends over the first that comes.
          if (encoder.isImpossible) this.#end();
          else stream.send(encoder.event(event.type, event.item));
        }
      }
    }
  }

  #onEnd(why: 'restarted' | 'slow'): void {
    if (this.#over) return;
    const { stream, encoder, cache } = this.#parts;
    const error =
      why === 'slow'
        ? tooManyRequests('the watcher is too slow: it has not taken its events', 1)
        : expired(`too old resource version: ${this.#seenRevision} (${cache.revision})`);
    stream.send(encoder.error(error));
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#watch?.close();
    clearTimeout(this.#timeout);
    this.#parts.stream.end();
    this.#settle();
  }
}

function timeoutMs({ timeoutSeconds }: ListOptions, random: number): number {
  const seconds = timeoutSeconds && timeoutSeconds > 0 ? timeoutSeconds : defaultTimeoutSeconds * (1 + random);
  return Math.min(seconds * 1000, 0x7fff_ffff);
}

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

const lineEnd = Buffer.from('}\n');

class EventEncoder {
  readonly #kind: Kind;
  readonly #output: Output;
  readonly #include: IncludeObject;
  readonly #clock: Clock;
  /** Whoever has the same is sent the same bytes. */
  readonly #view: string;
  #isFirstTable = true;

  constructor(
    kind: Kind,
    output: Output,
    { include, clock }: { readonly include: IncludeObject; readonly clock: Clock },
  ) {
    this.#kind = kind;
    this.#output = output;
    this.#include = include;
    this.#clock = clock;
    const { form, encoding, apiVersion } = output;
    this.#view = [form, encoding, apiVersionOf(kind), form === 'object' ? '' : apiVersion].join(' ');
  }

  event(type: EventType, item: CachedObject): Buffer | string {
    const { form, encoding } = this.#output;
    if (form === 'object' && encoding === 'json' && !this.#kind.storedAs) return plainLine(type, item);
    // A table has the object's age, and its columns only once.
    if (form === 'table') return this.#encode(type, this.#object(item));
    return item.encoded(`${type} ${this.#view}`, () => {
      const event = this.#encode(type, this.#object(item));
      return typeof event === 'string' ? Buffer.from(event) : event;
    });
  }

  /** No event can be told in the form that the client has asked for. */
  get isImpossible(): boolean {
    return this.#output.form === 'metadata' && this.#output.isList === true;
  }

  bookmark(revision: number, isInitialEnd: boolean): Buffer | string {
    const metadata = {
      resourceVersion: String(revision),
      ...(isInitialEnd && { annotations: { [initialEventsEndAnnotation]: 'true' } }),
    };
    const object = { kind: this.#kind.kind, apiVersion: apiVersionOf(this.#kind), metadata };
    return this.#encode('BOOKMARK', this.#bookmarkObject(object));
  }

  error(error: StatusError): Buffer | string {
    return this.#encode('ERROR', error.status);
  }

  #encode(type: string, object: object): Buffer | string {
    const frame = this.#output.encoding === 'protobuf' ? encodeWatchFrame(type, { ...object }) : undefined;
    return frame ?? `${JSON.stringify({ type, object })}\n`;
  }

  #bookmarkObject(object: { readonly metadata: { readonly resourceVersion: string } }): object {
    const { form, apiVersion } = this.#output;
    if (form === 'object') return object;
    if (form === 'metadata') return { ...object, kind: 'PartialObjectMetadata', apiVersion };
    return {
      ...toTable(this.#kind, [], { apiVersion, include: 'None', metadata: object.metadata, now: this.#clock.now() }),
      metadata: object.metadata,
    };
  }

  #object(item: CachedObject): object {
    const object = wireObject(this.#kind, item);
    const { form, apiVersion } = this.#output;
    if (form === 'object') return object;
    if (form === 'metadata') return toMetadataOnly(object, apiVersion);
    const withoutColumns = !this.#isFirstTable;
    this.#isFirstTable = false;
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    return toTable(this.#kind, [object], {
      apiVersion,
      include: this.#include,
      metadata,
      now: this.#clock.now(),
      withoutColumns,
    });
  }
}

/** The line of a plain JSON watch, made once for each version however many watch it. */
const plainLine = (type: EventType, item: CachedObject): Buffer =>
  item.encoded(type, () => Buffer.concat([Buffer.from(`{"type":"${type}","object":`), item.bytes, lineEnd]));
