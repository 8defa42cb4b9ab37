/** A watch that costs its reader little: a TLS connection on which lines are counted, not read. */

import { once } from 'node:events';
import type tls from 'node:tls';
import { createDeferred, type Deferred } from '../base/deferred.ts';
import type { Connection } from '../client/connection.ts';
import { openSocket } from './open-socket.ts';

const closingBrace = 0x7d;
const lineEnd = Buffer.from('}\n');

export class WatchConnection {
  readonly #socket: tls.TLSSocket;
  #events = 0;
  /** The last byte so far: a line's end may come in two pieces. */
  #last = 0;
  #waiter: { readonly count: number; readonly reached: Deferred<void> } | undefined;

  private constructor(socket: tls.TLSSocket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#count(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#waiter?.reached.reject(new Error('The server ended a watch')));
  }

  /** Resolves once the server has begun to answer. */
  static async open(connection: Connection, path: string): Promise<WatchConnection> {
    const socket = await openSocket(connection);
    const watch = new WatchConnection(socket);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\n\r\n`);
    await once(socket, 'data');
    return watch;
  }

  /** So many have come since the watch was opened. */
  get events(): number {
    return this.#events;
  }

  /** Resolves when `count` events have come. */
  async reached(count: number): Promise<void> {
    if (this.#events >= count) return;
    const reached = createDeferred<void>();
    this.#waiter = { count, reached };
    await reached.promise;
  }

  close(): void {
    this.#waiter = undefined;
    this.#socket.destroy();
  }

  #count(chunk: Buffer): void {
    if (this.#last === closingBrace && chunk[0] === lineEnd[1]) this.#events += 1;
    for (let at = chunk.indexOf(lineEnd); at >= 0; at = chunk.indexOf(lineEnd, at + 2)) this.#events += 1;
    this.#last = chunk[chunk.length - 1] ?? 0;
    if (this.#waiter === undefined || this.#events < this.#waiter.count) return;
    this.#waiter.reached.resolve();
    this.#waiter = undefined;
  }
}

/** Opened some at a time, as handshakes are dear. */
export async function openWatches(connection: Connection, count: number, path: string): Promise<WatchConnection[]> {
  const watches: WatchConnection[] = [];
  while (watches.length < count) {
    const next = Math.min(20, count - watches.length);
    watches.push(...(await Promise.all(Array.from({ length: next }, () => WatchConnection.open(connection, path)))));
  }
  return watches;
}
