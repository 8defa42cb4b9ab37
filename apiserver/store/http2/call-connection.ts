/**
 * One connection of HTTP/2 for unary calls of gRPC, on the client's side. Node's own makes a stream with its events,
 * its listeners and its native half of each call, which is most of what a call to etcd costs; here a call is a few
 * frames: https://www.rfc-editor.org/rfc/rfc9113
 *
 * Invariants:
 * - a call is in `#unsent` until all of it is written, and in `#calls` from its first frame until it is over;
 * - each is settled once; those that no frame was written of, or that the other side says it has not looked at, as
 *   never sent;
 * - what there is to write is written once in a turn of the event loop.
 */

import type { Socket } from 'node:net';
import { createDeferred } from '../../../base/deferred.ts';
import {
  CallAnswer,
  type CallError,
  connectionLost,
  deadlineExceeded,
  frameMessage,
  neverSent,
} from './call-answer.ts';
import {
  contentOf,
  defaultMaxFrameBytes,
  errorCodes,
  type Frame,
  FrameError,
  FrameReader,
  flags,
  frame,
  frameHead,
  frameTypes,
  largestWindow,
  numberFrame,
  preface,
  readSettings,
  settingIds,
  settingsFrame,
} from './frames.ts';
import { decodeSpelledHeaders, encodeCallHeaders } from './header-block.ts';

export interface CallConnectionOptions {
  readonly isSecure: boolean;
  readonly authority: string;
  /** Numbers of streams run out: past this one no call is taken. Default: what leaves room for those that wait. */
  readonly lastStream?: number;
  /** It takes no further calls; those under way may still end well. Called once. */
  onClosing(): void;
}

interface Call {
  /** 0: not begun. */
  stream: number;
  readonly headers: Buffer;
  readonly body: Buffer;
  sentBytes: number;
  /** What the other side takes of it. */
  window: number;
  readonly answer: CallAnswer;
  settle(result: Buffer | CallError): void;
}

/** Bytes after which the other side is told that they were taken. */
const acknowledgedBytes = 1024 * 1024;
/** The protocol's own, until the other side says otherwise. */
const defaultWindow = 65_535;
/** Of 2^31; a thousand calls a second come there in twelve days. */
const defaultLastStream = 2 ** 31 - 2 ** 21;
/** Blocks of headers that are known by heart: answers hardly differ. */
const mostBlocks = 100;

/** Answers are whole messages, which etcd limits; the table of headers has no room, so that each block says all. */
const ownSettings = new Map([
  [settingIds.headerTableSize, 0],
  [settingIds.enablePush, 0],
  [settingIds.initialWindowSize, largestWindow],
]);

export class CallConnection {
  readonly #socket: Socket;
  readonly #options: CallConnectionOptions;
  readonly #reader = new FrameReader();
  readonly #spoken = createDeferred<void>();
  readonly #calls = new Map<number, Call>();
  readonly #blocks = new Map<string, ReadonlyMap<string, string>>();
  readonly #headersByPath = new Map<string, Buffer>();
  #unsent: Call[] = [];
  #control: Buffer[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #nextStream = 1;
  #isClosing = false;
  #error: unknown = 'the connection was closed';
  /** A block of headers of which more is to come. */
  #block: { readonly frame: Frame; readonly parts: Buffer[] } | undefined;
  #unacknowledged = 0;
  /** What the other side takes of all calls together, of each call at first, and otherwise. */
  #window = defaultWindow;
  #callWindow = defaultWindow;
  #maxFrameBytes = defaultMaxFrameBytes;
  #maxCalls = Number.POSITIVE_INFINITY;

  /** Of a socket that may still be connecting. */
  constructor(socket: Socket, options: CallConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#spoken.promise.catch(() => {}); // for whom nobody waits
    this.#control.push(preface, settingsFrame(ownSettings));
    this.#control.push(numberFrame(frameTypes.windowUpdate, 0, largestWindow - defaultWindow));
    this.#flushSoon();
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.destroy(error));
    socket.on('end', () => this.destroy());
    socket.on('close', () => this.#fail());
  }

  /** Resolves once the other side has spoken HTTP/2: only then is a call that fails not certainly one that never arrived. */
  get spoken(): Promise<void> {
    return this.#spoken.promise;
  }

  get isUsable(): boolean {
    return !this.#isClosing;
  }

  /** `path` is `/etcdserverpb.KV/Txn`. Resolves with the answer's message. Throws `CallError`. */
  call(path: string, message: Uint8Array, timeoutMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#giveUp(call), timeoutMs);
      const call: Call = {
        ...{ stream: 0, headers: this.#headersOf(path), body: frameMessage(message), sentBytes: 0 },
        ...{ window: this.#callWindow, answer: new CallAnswer() },
        settle(result) {
          clearTimeout(late);
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      if (this.#isClosing) {
        call.settle(neverSent(this.#error));
        return;
      }
      this.#unsent.push(call);
      this.#flushSoon();
    });
  }

  /** Takes no further calls; ends with the last one under way. Idempotent. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#options.onClosing();
    this.#endIfIdle();
  }

  /** Calls that are under way fail. */
  destroy(error?: unknown): void {
    if (error !== undefined) this.#error = error;
    this.close();
    this.#socket.destroy();
  }

  #headersOf(path: string): Buffer {
    let headers = this.#headersByPath.get(path);
    if (headers === undefined) {
      headers = encodeCallHeaders({ ...this.#options, path });
      this.#headersByPath.set(path, headers);
    }
    return headers;
  }

  #flushSoon(): void {
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = undefined;
    if (this.#socket.destroyed) return;
    const parts = this.#control;
    this.#control = [];
    if (this.#unsent.length > 0) this.#unsent = this.#unsent.filter((call) => !this.#write(call, parts));
    if (parts.length > 0) this.#socket.write(Buffer.concat(parts));
  }

  /** As much of the call as the other side takes; whether that was all. */
  #write(call: Call, parts: Buffer[]): boolean {
    if (call.stream === 0) {
      if (this.#calls.size >= this.#maxCalls) return false;
      call.stream = this.#nextStream;
      this.#nextStream += 2;
      this.#calls.set(call.stream, call);
      parts.push(frameHead(frameTypes.headers, flags.endHeaders, call.stream, call.headers.length), call.headers);
      if (call.stream >= (this.#options.lastStream ?? defaultLastStream)) this.close();
    }
    while (call.sentBytes < call.body.length) {
      const left = call.body.length - call.sentBytes;
      const size = Math.min(left, this.#maxFrameBytes, call.window, this.#window);
      if (size <= 0) return false;
      parts.push(frameHead(frameTypes.data, size === left ? flags.endStream : 0, call.stream, size));
      parts.push(call.body.subarray(call.sentBytes, call.sentBytes + size));
      call.sentBytes += size;
      call.window -= size;
      this.#window -= size;
    }
    return true;
  }

  #receive(chunk: Buffer): void {
    try {
      for (const one of this.#reader.read(chunk)) this.#handle(one);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.destroy(error);
    }
  }

  #handle(one: Frame): void {
    if (this.#block !== undefined && one.type !== frameTypes.continuation)
      throw new FrameError('a block of headers that is broken off');
    switch (one.type) {
      case frameTypes.data:
        this.#onData(one);
        break;
      case frameTypes.headers:
      case frameTypes.continuation:
        this.#onHeaders(one);
        break;
      case frameTypes.resetStream:
        this.#onReset(one);
        break;
      case frameTypes.settings:
        this.#onSettings(one);
        break;
      case frameTypes.ping:
        if ((one.flags & flags.ack) === 0) this.#answer({ ...one, flags: flags.ack });
        break;
      case frameTypes.goAway:
        this.#onGoAway(numberOf(one) & largestWindow);
        break;
      case frameTypes.windowUpdate:
        this.#onWindowUpdate(one);
        break;
      case frameTypes.pushPromise:
        throw new FrameError('a promise that was not allowed');
    }
  }

  #onData(one: Frame): void {
    this.#unacknowledged += one.payload.length;
    if (this.#unacknowledged >= acknowledgedBytes) {
      this.#control.push(numberFrame(frameTypes.windowUpdate, 0, this.#unacknowledged));
      this.#unacknowledged = 0;
      this.#flushSoon();
    }
    const call = this.#calls.get(one.stream);
    call?.answer.add(contentOf(one));
    if (call !== undefined && (one.flags & flags.endStream) !== 0) this.#finish(call, call.answer.result());
  }

  #onHeaders(one: Frame): void {
    const isFirst = one.type === frameTypes.headers;
    const begun = isFirst ? { frame: one, parts: [] } : this.#block;
    if (begun === undefined || begun.frame.stream !== one.stream)
      throw new FrameError('a block of headers without a beginning');
    begun.parts.push(isFirst ? contentOf(one) : one.payload);
    this.#block = (one.flags & flags.endHeaders) === 0 ? begun : undefined;
    if (this.#block !== undefined) return;
    const headers = this.#decode(begun.parts);
    const call = this.#calls.get(one.stream);
    call?.answer.setStatus(headers);
    if (call !== undefined && (begun.frame.flags & flags.endStream) !== 0) this.#finish(call, call.answer.result());
  }

  #decode(parts: readonly Buffer[]): ReadonlyMap<string, string> {
    const block = Buffer.concat(parts);
    const bytes = block.toString('latin1');
    let headers = this.#blocks.get(bytes);
    if (headers === undefined) {
      headers = decodeSpelledHeaders(block);
      if (this.#blocks.size < mostBlocks) this.#blocks.set(bytes, headers);
    }
    return headers;
  }

  #onReset(one: Frame): void {
    const call = this.#calls.get(one.stream);
    const code = numberOf(one);
    if (call === undefined) return;
    const why = `the call was reset (${code})`;
    if (call.answer.hasStatus) this.#finish(call, call.answer.result());
    else this.#finish(call, code === errorCodes.refusedStream ? neverSent(why) : connectionLost(why));
  }

  #onSettings({ flags: set, payload }: Frame): void {
    if ((set & flags.ack) !== 0) return;
    for (const [id, value] of readSettings(payload)) {
      if (id === settingIds.maxConcurrentStreams) this.#maxCalls = value;
      else if (id === settingIds.maxFrameSize) this.#maxFrameBytes = value;
      else if (id === settingIds.initialWindowSize) this.#setCallWindow(value);
    }
    this.#answer({ type: frameTypes.settings, flags: flags.ack, stream: 0, payload: Buffer.alloc(0) });
    this.#spoken.resolve();
  }

  /** It counts for calls that have begun, too. */
  #setCallWindow(size: number): void {
    const more = size - this.#callWindow;
    this.#callWindow = size;
    for (const call of new Set([...this.#unsent, ...this.#calls.values()])) call.window += more;
  }

  #onWindowUpdate(one: Frame): void {
    const more = numberOf(one) & largestWindow;
    if (one.stream === 0) this.#window += more;
    else {
      const call = this.#calls.get(one.stream);
      if (call !== undefined) call.window += more;
    }
    if (this.#unsent.length > 0) this.#flushSoon();
  }

  /** The other side looks at nothing behind `lastStream`. */
  #onGoAway(lastStream: number): void {
    this.close();
    const unseen = [...this.#unsent, ...this.#calls.values()].filter(
      ({ stream }) => stream === 0 || stream > lastStream,
    );
    for (const call of unseen) this.#finish(call, neverSent('the other side goes away'));
  }

  #answer(one: Frame): void {
    this.#control.push(frame(one));
    this.#flushSoon();
  }

  /** Sent to somebody who does not answer: others had better ask elsewhere. */
  #giveUp(call: Call): void {
    this.close();
    this.#finish(call, call.stream === 0 ? neverSent('there was no room in time') : deadlineExceeded());
  }

  #finish(call: Call, result: Buffer | CallError): void {
    const isOpen = this.#calls.delete(call.stream);
    const isWhole = call.sentBytes === call.body.length;
    if (!isWhole) this.#unsent = this.#unsent.filter((other) => other !== call);
    // Nobody wants the rest of it, or of its answer.
    if (isOpen && (result instanceof Error || !isWhole)) {
      this.#control.push(numberFrame(frameTypes.resetStream, call.stream, errorCodes.cancel));
      this.#flushSoon();
    }
    call.settle(result);
    if (this.#unsent.length > 0) this.#flushSoon();
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.#isClosing && this.#calls.size === 0 && this.#unsent.length === 0) this.#socket.destroySoon();
  }

  #fail(): void {
    clearImmediate(this.#flushing);
    this.#spoken.reject(neverSent(this.#error));
    const left = new Set([...this.#unsent, ...this.#calls.values()]);
    this.#unsent = [];
    this.#calls.clear();
    for (const call of left) call.settle(call.stream === 0 ? neverSent(this.#error) : connectionLost(this.#error));
    this.close();
  }
}

/** With which the payload begins. */
function numberOf({ payload }: Frame): number {
  if (payload.length < 4) throw new FrameError('a frame that is too short');
  return payload.readUInt32BE(0);
}
