/** Posts JSON to one server, over connections that are kept, and reads as much of the answer as an answer can have. */

import http from 'node:http';
import https from 'node:https';
import type { WebhookTarget } from './webhook-target.ts';

export interface WebhookAnswer {
  readonly code: number;
  readonly text: string;
}

export interface WebhookClientOptions {
  /** How many requests are under way at once; others wait for one of them. */
  readonly maxConnections: number;
  /** An answer that is longer is an error. */
  readonly maxAnswerBytes: number;
}

/** A connection that nothing passes for so long is closed. */
const idleMs = 60_000;

export class WebhookClient {
  readonly #target: WebhookTarget;
  readonly #agent: http.Agent;
  readonly #maxAnswerBytes: number;

  constructor(target: WebhookTarget, { maxConnections, maxAnswerBytes }: WebhookClientOptions) {
    this.#target = target;
    this.#maxAnswerBytes = maxAnswerBytes;
    const { certificateAuthority: ca, clientCertificate: cert, clientKey: key, tlsServerName: servername } = target;
    const kept = { keepAlive: true, maxSockets: maxConnections, timeout: idleMs };
    this.#agent = target.url.startsWith('http:')
      ? new http.Agent(kept)
      : new https.Agent({
          ...kept,
          ...(ca !== undefined && { ca }),
          ...(cert !== undefined && { cert, key }),
          ...(servername !== undefined && { servername }),
          ...(target.insecureSkipTlsVerify && { rejectUnauthorized: false }),
        });
  }

  /** Rejects with what went wrong on the way; every answer is an answer, whatever its code. */
  post(body: Buffer, signal: AbortSignal): Promise<WebhookAnswer> {
    const { url, token } = this.#target;
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    return new Promise((settle, reject) => {
      const protocol = url.startsWith('http:') ? http : https;
      const request = protocol.request(url, { method: 'POST', agent: this.#agent, headers, signal }, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > this.#maxAnswerBytes) request.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () =>
          settle({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** Nothing is asked any more; what was asked is still answered, and the connections end by themselves. */
  retire(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  close(): void {
    this.#agent.destroy();
  }
}
