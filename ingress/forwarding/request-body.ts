/**
 * The body of a request as it passes through: nothing waits until it is complete. Its first bytes are kept, so that it
 * can be sent again while it is no longer than these; its length is counted where there is a limit.
 *
 *   client ─► source ─► sink of the present attempt ─► backend
 */

import { PassThrough, type Readable } from 'node:stream';

const keptBytes = 64 * 1024;

export interface RequestBodyOptions {
  readonly maxBytes: number | undefined;
  /** Called once, when it is longer than that. */
  onTooLarge(): void;
  /** Called once, when all of it has come. */
  onEnd(): void;
}

export class RequestBody {
  readonly #source: Readable;
  readonly #options: RequestBodyOptions;
  #kept: Buffer[] | undefined = [];
  #size = 0;
  #sink: PassThrough | undefined;
  #isStarted = false;
  #isEnded = false;

  constructor(source: Readable, options: RequestBodyOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** All that has come is still known. */
  get canReplay(): boolean {
    return this.#kept !== undefined;
  }

  /** So many bytes have come. */
  get size(): number {
    return this.#size;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** For one attempt, from the first byte on. Only while it can be replayed. */
  open(): Readable {
    this.close();
    const sink = new PassThrough();
    sink.on('error', () => {}); // destroyed with its attempt
    sink.on('drain', () => this.#sink === sink && this.#source.resume());
    for (const chunk of this.#kept ?? []) sink.write(chunk);
    if (this.#isEnded) sink.end();
    this.#sink = sink;
    if (!this.#isStarted) this.#start();
    else this.#source.resume();
    return sink;
  }

  /** The attempt is over. */
  close(): void {
    this.#sink?.unpipe();
    this.#sink?.destroy();
    this.#sink = undefined;
    if (this.#isStarted) this.#source.pause();
  }

  /** Nobody wants the rest. */
  discard(): void {
    this.close();
    this.#kept = undefined;
    this.#source.resume();
  }

  #start(): void {
    this.#isStarted = true;
    this.#source.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#source.on('end', () => {
      this.#isEnded = true;
      this.#sink?.end();
      this.#options.onEnd();
    });
  }

  #take(chunk: Buffer): void {
    const { maxBytes = Number.POSITIVE_INFINITY, onTooLarge } = this.#options;
    const wasWithin = this.#size <= maxBytes;
    this.#size += chunk.length;
    if (this.#size > maxBytes) {
      if (wasWithin) onTooLarge();
      return;
    }
    if (this.#size > keptBytes) this.#kept = undefined;
    this.#kept?.push(chunk);
    if (this.#sink !== undefined && !this.#sink.write(chunk)) this.#source.pause();
  }
}
