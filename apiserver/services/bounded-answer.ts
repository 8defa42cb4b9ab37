/** What another server has answered to a request, as far as an answer may go. */

import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface BoundedAnswer {
  /** 101: it has changed the protocol, although nobody asked it to. */
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The other side sent more than an answer can have. */
export class AnswerTooLongError extends Error {
  constructor(maxBytes: number) {
    super(`the answer is longer than ${maxBytes} bytes`);
    this.name = 'AnswerTooLongError';
  }
}

/** The answer had begun when it broke off. */
export class BrokenAnswerError extends Error {
  constructor(cause: unknown) {
    super('the answer broke off', { cause });
    this.name = 'BrokenAnswerError';
  }
}

/** Rejects with what went wrong on the way; every answer is an answer, whatever its code. To be called before it is sent. */
export function answerOf(request: ClientRequest, maxBytes: number): Promise<BoundedAnswer> {
  return new Promise((settle, reject) => {
    request.on('response', (response) => read(response, maxBytes).then(settle, reject));
    // Nobody asked for another protocol; without this the request would end without an answer or an error.
    request.on('upgrade', ({ headers }, socket) => {
      socket.destroy();
      settle({ code: 101, headers, text: '' });
    });
    request.on('error', reject);
  });
}

function read(response: IncomingMessage, maxBytes: number): Promise<BoundedAnswer> {
  const { statusCode: code = 0, headers } = response;
  return new Promise((settle, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) response.destroy(new AnswerTooLongError(maxBytes));
      else chunks.push(chunk);
    });
    response.on('error', (error) => reject(isReset(error) ? new BrokenAnswerError(error) : error));
    response.on('end', () => settle({ code, headers, text: Buffer.concat(chunks).toString('utf8') }));
  });
}

/** The other side closed the connection. */
export const isReset = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
