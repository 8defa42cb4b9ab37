/** As much of a SPDY/3.1 client as tests of the server's side need: opens streams, sends, and keeps the frames that come. */

import type { Duplex } from 'node:stream';
import { HeaderWriter } from '../../kubelet/server/streaming/spdy-headers.ts';

export interface SpdyFrame {
  /** 0 for control frames about no stream. */
  readonly stream: number;
  readonly type: 'data' | 'reply' | 'reset' | 'other';
  readonly isLast: boolean;
  readonly content: Buffer;
}

const controlTypes: Readonly<Record<number, SpdyFrame['type']>> = { 2: 'reply', 3: 'reset' };

export class SpdyClient {
  readonly frames: SpdyFrame[] = [];
  readonly #socket: Duplex;
  readonly #headers = new HeaderWriter();
  #next = 1;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => {});
  }

  /** Its number. */
  async open(headers: Readonly<Record<string, string>>): Promise<number> {
    const id = this.#next;
    this.#next += 2;
    const body = Buffer.concat([Buffer.alloc(10), await this.#headers.write(new Map(Object.entries(headers)))]);
    body.writeUInt32BE(id);
    const head = Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 0]);
    head.writeUIntBE(body.length, 5, 3);
    this.#socket.write(Buffer.concat([head, body]));
    return id;
  }

  /** `taken` is called when the server's end has taken it. */
  send(id: number, content: Buffer, { isLast = false, taken = () => {} } = {}): void {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(id);
    head[4] = isLast ? 1 : 0;
    head.writeUIntBE(content.length, 5, 3);
    this.#socket.write(Buffer.concat([head, content]), () => taken());
  }

  end(id: number): void {
    this.send(id, Buffer.alloc(0), { isLast: true });
  }

  of(id: number): SpdyFrame[] {
    return this.frames.filter(({ stream }) => stream === id);
  }

  close(): void {
    this.#socket.destroy();
    this.#headers.close();
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 8) {
      const length = this.#rest.readUIntBE(5, 3);
      if (this.#rest.length < 8 + length) return;
      const isControl = ((this.#rest[0] ?? 0) & 0x80) !== 0;
      const content = Buffer.from(this.#rest.subarray(8, 8 + length));
      const isLast = ((this.#rest[4] ?? 0) & 1) !== 0;
      if (isControl) {
        const type = controlTypes[this.#rest.readUInt16BE(2)] ?? 'other';
        this.frames.push({ stream: type === 'other' ? 0 : content.readUInt32BE(0), type, isLast, content });
      } else this.frames.push({ stream: this.#rest.readUInt32BE(0), type: 'data', isLast, content });
      this.#rest = this.#rest.subarray(8 + length);
    }
  }
}
