/**
 * A load generator that costs little itself: requests written straight to TLS connections, one under way on each.
 * Latency is measured from the write of a request to the last byte of its answer.
 */

import type tls from 'node:tls';
import type { Connection } from '../client/connection.ts';
import { openSocket } from './open-socket.ts';

export interface LoadRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  /** Default: JSON. */
  readonly accept?: string;
}

export interface LoadOptions {
  readonly connections: number;
  /** Ends after so many requests … */
  readonly requests?: number;
  /** … or after so long. */
  readonly durationMs?: number;
  /** The n-th request, from 0. */
  next(n: number): LoadRequest;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Answers other than 2xx, by code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly bytes: number;
}

/** One keep-alive HTTP/1.1 connection. Not for pipelining: the caller waits for each answer. */
export class LoadConnection {
  readonly #socket: tls.TLSSocket;
  #chunks: Buffer[] = [];
  #size = 0;
  #done: ((answer: { code: number; body: Buffer }) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;
  #headerEnd = -1;
  #total = -1;
  #code = 0;
  #chunked = false;

  private constructor(socket: tls.TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#failed?.(error));
    socket.on('close', () => this.#failed?.(new Error('The server closed the connection')));
  }

  static async open(connection: Connection): Promise<LoadConnection> {
    const socket = await openSocket(connection);
    return new LoadConnection(socket);
  }

  send(request: LoadRequest): Promise<{ code: number; body: Buffer }> {
    const { method, path, body, contentType = 'application/json', accept = 'application/json' } = request;
    const head = `${method} ${path} HTTP/1.1\r\nhost: bench\r\naccept: ${accept}\r\n`;
    const tail =
      body === undefined
        ? '\r\n'
        : `content-type: ${contentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#socket.write(head + tail);
    });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#headerEnd < 0 && !this.#readHead()) return;
    if (this.#chunked ? !this.#lastChunkArrived(chunk) : this.#size < this.#total) return;
    const body = Buffer.concat(this.#chunks).subarray(this.#headerEnd);
    const code = this.#code;
    this.#chunks = [];
    this.#size = 0;
    this.#headerEnd = -1;
    this.#done?.({ code, body });
  }

  #readHead(): boolean {
    const start = Buffer.concat(this.#chunks);
    this.#chunks = [start];
    const end = start.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = start.toString('latin1', 0, end);
    this.#headerEnd = end + 4;
    this.#code = Number(head.slice(9, 12));
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    this.#chunked = length === undefined;
    this.#total = this.#headerEnd + Number(length ?? 0);
    return true;
  }

  /** Enough for JSON answers: no JSON text ends in an empty chunk by itself. */
  #lastChunkArrived(chunk: Buffer): boolean {
    const tail = chunk.length >= 7 ? chunk : Buffer.concat(this.#chunks);
    return tail.subarray(-5).toString('latin1') === '0\r\n\r\n';
  }
}

/** Runs `options` against the first server of `connection`. */
export async function runLoad(connection: Connection, options: LoadOptions): Promise<LoadResult> {
  const { connections, requests = Number.POSITIVE_INFINITY, durationMs = Number.POSITIVE_INFINITY, next } = options;
  const open = await Promise.all(Array.from({ length: connections }, () => LoadConnection.open(connection)));
  const latencies: number[] = [];
  const refused: Record<string, number> = {};
  let started = 0;
  let bytes = 0;
  const begin = performance.now();
  await Promise.all(
    open.map(async (one) => {
      while (started < requests && performance.now() - begin < durationMs) {
        const request = next(started++);
        const sent = performance.now();
        const { code, body } = await one.send(request);
        latencies.push(performance.now() - sent);
        bytes += body.length;
        if (code >= 300) refused[code] = (refused[code] ?? 0) + 1;
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  for (const one of open) one.close();
  latencies.sort((a, b) => a - b);
  return {
    requests: latencies.length,
    seconds,
    perSecond: latencies.length / seconds,
    refused,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    bytes,
  };
}

/** The value below which `share` of the sorted `values` lie; 0 for none. */
export function percentile(values: readonly number[], share: number): number {
  return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
}
