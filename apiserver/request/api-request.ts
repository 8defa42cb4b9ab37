/** One request on its way through the folders: the HTTP pair, what it is about, who sent it, and when it is over. */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { KindRegistry, type Kinds } from '../../kinds/kind-registry.ts';
import type { OtherThread } from './other-thread.ts';
import { parseRequestInfo, type RequestInfo } from './request-info.ts';
import type { RequestObserver } from './request-observer.ts';
import { anonymous, type User } from './user.ts';
import { Warnings } from './warnings.ts';

/** One for all: a reason of its own, with its stack, would cost each request more than its parsing. */
const gone = new Error('Nobody waits for the answer any more');

const none = new KindRegistry();

export interface ApiRequestOptions {
  readonly clock: Clock;
  readonly upgrade?: ApiRequest['upgrade'];
}

export class ApiRequest {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly info: RequestInfo;
  readonly auditId: string;
  readonly clock: Clock;
  readonly #startedAt: number;
  /** Set by authentication. */
  user: User = anonymous;
  /** Who really sent it, when `user` is impersonated. */
  impersonator: User | undefined;
  /** All of the body, once somebody wants it (`body.ts`). */
  body: Promise<Buffer> | undefined;
  /** How much of the body has arrived. */
  bodyBytes = 0;
  /** A small body may stand for something large. */
  bodyGrows = false;
  /** Which kinds there are. */
  kinds: Pick<Kinds, 'find' | 'findByName'> = none;
  /** Where what takes long is done. Absent: here. */
  otherThread: OtherThread | undefined;
  /** Throws Forbidden when the sender may not do this with what the request names, too. Set by authorization. */
  authorizeAlso: (verb: string) => Promise<void> = async () => {
    throw new Error('Nobody has authorized the request');
  };
  /** The verbs that were authorized beside its own. Set by authorization. */
  readonly alsoAuthorized: string[] = [];
  /** Ends a stream whose sender may not have it any more. Who can do it more gently says how. */
  revoke: () => void = () => void (this.upgrade?.socket ?? this.outgoing).destroy();
  /** Nobody serves this path. */
  isUnknownPath = false;
  /** Something was changed in the store on its behalf. */
  hasWritten = false;
  readonly warnings = new Warnings();
  /** Who hears how it is answered. */
  observer: RequestObserver | undefined;
  /** Called once a watch has sent the state that it starts with: what follows is cheap. Idempotent. */
  onStreaming: (() => void) | undefined;
  #auditAnnotations: Map<string, string> | undefined;
  readonly #rawQuery: string;
  #query: URLSearchParams | undefined;
  #ended: AbortController | undefined;

  /** The connection that the client wants to use for another protocol, and what it has sent of that already. */
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer } | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, { clock, upgrade }: ApiRequestOptions) {
    this.clock = clock;
    this.#startedAt = clock.monotonic();
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.upgrade = upgrade;
    const url = incoming.url ?? '/';
    const mark = url.indexOf('?');
    this.#rawQuery = mark < 0 ? '' : url.slice(mark + 1);
    const asked = incoming.headers['audit-id'];
    this.auditId = typeof asked === 'string' && asked !== '' ? asked.slice(0, 64) : randomUUID();
    this.info = parseRequestInfo(this.method, mark < 0 ? url : url.slice(0, mark), this.#rawQuery);
  }

  /** Milliseconds since it arrived. */
  get elapsedMs(): number {
    return this.clock.monotonic() - this.#startedAt;
  }

  get method(): string {
    return this.incoming.method ?? 'GET';
  }

  get rawQuery(): string {
    return this.#rawQuery;
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#rawQuery);
    return this.#query;
  }

  header(name: string): string {
    const value = this.incoming.headers[name];
    return typeof value === 'string' ? value : (value?.join(', ') ?? '');
  }

  get isAbandoned(): boolean {
    return this.outgoing.destroyed || this.outgoing.writableEnded;
  }

  throwIfAbandoned(): void {
    if (this.isAbandoned) throw gone;
  }

  /** Aborts when nobody waits for the answer any more: the client went away, or the deadline passed. */
  get signal(): AbortSignal {
    if (this.#ended === undefined) {
      const ended = new AbortController();
      this.#ended = ended;
      if (this.isAbandoned) ended.abort(gone);
      this.outgoing.once('close', () => ended.abort(gone));
    }
    return this.#ended.signal;
  }

  /** The upgraded connection is the caller's from now on: no HTTP answer follows. */
  takeSocket(): Duplex {
    const { socket } = this.incoming;
    if (this.upgrade === undefined) throw new Error('The client has not asked for an upgrade');
    this.outgoing.detachSocket(socket);
    this.observer?.streamBegins(101);
    return this.upgrade.socket;
  }

  warn(text: string): void {
    this.warnings.add(text);
  }

  /** What authorization, admission and others want the audit event to say, by upstream's keys. Undefined: nothing. */
  get auditAnnotations(): ReadonlyMap<string, string> | undefined {
    return this.#auditAnnotations;
  }

  /** The first value of a key stays. */
  annotate(key: string, value: string): void {
    this.#auditAnnotations ??= new Map();
    if (!this.#auditAnnotations.has(key)) this.#auditAnnotations.set(key, value);
  }
}
