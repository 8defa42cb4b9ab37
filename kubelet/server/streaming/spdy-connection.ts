/**
 * The server's side of SPDY/3.1, as far as kubectl speaks it: streams that the client opens, over any duplex.
 * Flow control is that of the connection below, as kubectl knows no windows: while more waits in a stream than it may
 * hold, nothing is read. Windows are granted all the same, for those who ask.
 */

import { Duplex } from 'node:stream';
import { chunksOf } from '../../../base/chunks.ts';
import { HeaderReader, HeaderWriter, type SpdyHeaders } from './spdy-headers.ts';

const types = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7, windowUpdate: 9 } as const;
const finFlag = 1;
/** Larger frames are not sent, so that streams share the connection fairly. */
const largestData = 32 * 1024;
/** Nobody opens so many. */
const mostStreams = 1_000;
const largestFrame = 1 << 20;
/** What may wait in a stream for its reader. */
const highWater = 1 << 20;
/** What may wait for the client of answers to its frames; while there is more, nothing is read. */
const mostAnswers = 256 * 1024;

export interface SpdyStream extends Duplex {
  readonly headers: SpdyHeaders;
  /** Ends it on both sides at once. */
  reset(): void;
}

export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #streams = new Map<number, Stream>();
  readonly #reader = new HeaderReader();
  readonly #writer = new HeaderWriter();
  readonly #onStream: (stream: SpdyStream) => void;
  #waitingAnswers = 0;
  #answersTaken: () => void = () => {};

  /** `onStream` hears of each stream after the client was told that it is open. */
  constructor(socket: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#socket = socket;
    this.#onStream = onStream;
  }

  /**
   * Reads until the connection is over; then all streams are. `keep input`: what has come in a stream can still be read
   * to its end; otherwise a stream is broken like the connection. Never rejects.
   */
  async run(head: Buffer, lastInput: 'keep input' | 'drop input' = 'drop input'): Promise<void> {
    let rest: Buffer = head;
    if (lastInput === 'drop input') this.#socket.on('close', () => this.#destroyStreams());
    try {
      rest = await this.#readFrames(rest);
      for await (const chunk of chunksOf(this.#socket))
        rest = await this.#readFrames(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
    } catch {
      // A broken connection is an end like any other.
    }
    if (lastInput === 'drop input') this.#destroyStreams();
    else for (const stream of this.#streams.values()) stream.endInput();
    this.#reader.close();
    this.#writer.close();
    this.#socket.destroy();
  }

  #destroyStreams(): void {
    for (const stream of this.#streams.values()) stream.destroy();
    this.#streams.clear();
  }

  close(): void {
    this.#socket.end();
  }

  async #readFrames(bytes: Buffer): Promise<Buffer> {
    let rest = bytes;
    while (rest.length >= 8) {
      const length = rest.readUIntBE(5, 3);
      if (length > largestFrame) throw new Error(`A frame of ${length} bytes`);
      if (rest.length < 8 + length) break;
      await this.#readFrame(rest.subarray(0, 8), rest.subarray(8, 8 + length));
      rest = rest.subarray(8 + length);
      if (this.#waitingAnswers > mostAnswers) await this.#untilAnswersTaken();
    }
    return rest;
  }

  async #readFrame(head: Buffer, body: Buffer): Promise<void> {
    const flags = head[4] ?? 0;
    if (((head[0] ?? 0) & 0x80) === 0) {
      await this.#readData(head.readUInt32BE(0), body, flags);
      return;
    }
    switch (head.readUInt16BE(2)) {
      case types.synStream:
        return await this.#open(body, flags);
      case types.rstStream:
        this.#streams.get(body.readUInt32BE(0) & 0x7fffffff)?.destroy();
        return;
      case types.ping:
        this.#control(types.ping, body);
        return;
      default: // SETTINGS, GOAWAY and WINDOW_UPDATE ask for nothing
    }
  }

  async #open(body: Buffer, flags: number): Promise<void> {
    const id = body.readUInt32BE(0) & 0x7fffffff;
    const headers = await this.#reader.read(body.subarray(10));
    if (this.#streams.size >= mostStreams) throw new Error('Too many streams');
    const stream = new Stream(headers, {
      send: (content, fin, done) => this.#send(id, { content, fin, done }),
      reset: () => this.#reset(id),
      closed: () => void this.#streams.delete(id),
    });
    this.#streams.set(id, stream);
    const reply = Buffer.alloc(4);
    reply.writeUInt32BE(id);
    this.#control(types.synReply, Buffer.concat([reply, await this.#writer.write(new Map())]));
    if ((flags & finFlag) !== 0) stream.endInput();
    this.#onStream(stream);
  }

  async #readData(id: number, content: Buffer, flags: number): Promise<void> {
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.destroyed || stream.inputEnded) return;
    if (content.length > 0) {
      await stream.receive(Buffer.from(content));
      this.#grant(id, content.length);
    }
    if ((flags & finFlag) !== 0) stream.endInput();
  }

  #send(
    id: number,
    { content, fin, done }: { readonly content: Buffer; readonly fin: boolean; readonly done: () => void },
  ): void {
    let at = 0;
    do {
      const part = content.subarray(at, at + largestData);
      at += part.length;
      const head = Buffer.alloc(8);
      head.writeUInt32BE(id, 0);
      head.writeUIntBE(part.length, 5, 3);
      if (fin && at >= content.length) head[4] = finFlag;
      this.#write(Buffer.concat([head, part]), at >= content.length ? done : undefined);
    } while (at < content.length);
  }

  #grant(id: number, size: number): void {
    for (const target of [0, id]) {
      const body = Buffer.alloc(8);
      body.writeUInt32BE(target, 0);
      body.writeUInt32BE(size, 4);
      this.#control(types.windowUpdate, body);
    }
  }

  #reset(id: number): void {
    const body = Buffer.alloc(8);
    body.writeUInt32BE(id, 0);
    body.writeUInt32BE(5, 4); // cancel
    this.#control(types.rstStream, body);
  }

  #control(type: number, body: Buffer): void {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(0x8003, 0);
    head.writeUInt16BE(type, 2);
    head.writeUIntBE(body.length, 5, 3);
    const frame = Buffer.concat([head, body]);
    this.#waitingAnswers += frame.length;
    this.#write(frame, () => {
      this.#waitingAnswers -= frame.length;
      if (this.#waitingAnswers <= mostAnswers) this.#answersTaken();
    });
  }

  /** Or until nobody is there to take them. */
  async #untilAnswersTaken(): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#answersTaken = resolve;
      this.#socket.once('close', resolve);
    });
    this.#socket.off('close', this.#answersTaken);
  }

  #write(frame: Buffer, done?: () => void): void {
    if (this.#socket.writable) this.#socket.write(frame, () => done?.());
    else done?.();
  }
}

interface StreamActions {
  send(content: Buffer, fin: boolean, done: () => void): void;
  reset(): void;
  closed(): void;
}

class Stream extends Duplex implements SpdyStream {
  readonly headers: SpdyHeaders;
  readonly #actions: StreamActions;
  #hasRoom: () => void = () => {};
  #inputEnded = false;

  constructor(headers: SpdyHeaders, actions: StreamActions) {
    super({ readableHighWaterMark: highWater });
    this.headers = headers;
    this.#actions = actions;
    this.on('error', () => {}); // whoever uses the stream sees it end
  }

  reset(): void {
    this.#actions.reset();
    this.destroy();
  }

  get inputEnded(): boolean {
    return this.#inputEnded;
  }

  /** Nothing more comes. Idempotent. */
  endInput(): void {
    if (!this.#inputEnded) this.push(null);
    this.#inputEnded = true;
  }

  /** Resolves when there is room for more. */
  async receive(content: Buffer): Promise<void> {
    if (this.push(content) || this.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#hasRoom = resolve;
    });
  }

  override _read(): void {
    this.#hasRoom();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#actions.send(chunk, false, done);
  }

  override _final(done: () => void): void {
    this.#actions.send(Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#actions.closed();
    this.#hasRoom();
    done(error);
  }
}
