/** Answers of our own: short, plain, and the same to everybody. */

import { STATUS_CODES } from 'node:http';
import { Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { ClientResponse } from './client-message.ts';

const words: Readonly<Record<number, string>> = {
  404: 'default backend - 404',
  502: 'Bad Gateway: the backend gave no usable answer',
  503: 'Service Unavailable: no endpoint is ready',
  504: 'Gateway Timeout: the backend took too long',
};

const textFor = (code: number, why?: string): string =>
  `${words[code] ?? STATUS_CODES[code] ?? code}${why === undefined ? '' : `: ${why}`}\n`;

/** After these the connection cannot be trusted, or has a body on it that nobody reads. */
const closing: ReadonlySet<number> = new Set([400, 405, 408, 413, 431]);

export interface Answer {
  readonly code: number;
  readonly location?: string | undefined;
  readonly why?: string | undefined;
}

/** Nothing, where one was begun already. */
export function sendAnswer(response: ClientResponse, { code, location, why }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const text = textFor(code, why);
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    ...(location !== undefined && { location }),
  };
  if (response instanceof Http2ServerResponse) {
    response.writeHead(code, headers);
    response.end(text);
  } else {
    if (closing.has(code)) response.shouldKeepAlive = false;
    response.writeHead(code, headers);
    response.end(text);
  }
}

/** So long the client may go on sending: a connection that is closed at once loses the answer too. */
const lingerMs = 1_000;

/** On a connection that has left HTTP, or whose request could not be read. Ends it. */
export function writeAnswer(socket: Duplex, { code, location, why }: Answer): void {
  if (socket.writableEnded) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const text = textFor(code, why);
  const head = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...(location === undefined ? [] : [`Location: ${location}`]),
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
  socket.resume();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
