/** Posts JSON to one server, over connections that are kept, and reads as much of the answer as an answer can have. */

import type { ClientRequest } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { answerOf, BrokenAnswerError, isReset } from '../services/bounded-answer.ts';
import type { WebhookTarget } from './webhook-target.ts';

export interface WebhookAnswer {
  readonly code: number;
  /** Without parameters, in lower case; empty: not said. */
  readonly contentType: string;
  readonly text: string;
}

export interface WebhookClientOptions {
  /** How many requests are under way at once to one address; others wait for one of them. */
  readonly maxConnections: number;
  /** An answer that is longer is an error. */
  readonly maxAnswerBytes: number;
}

export interface PostOptions {
  /** Goes behind the target's own path. */
  readonly query?: string;
  /** Default: the client's. */
  readonly maxAnswerBytes?: number | undefined;
  /** What is connected to. The host that the URL names stays the one that is asked for, and that certificates must name. */
  readonly place?: { readonly host: string; readonly port: number; readonly lookup?: LookupFunction } | undefined;
}

/** A connection that nothing passes for so long is closed. */
const idleMs = 60_000;

export class WebhookClient {
  readonly #target: WebhookTarget;
  readonly #url: URL;
  readonly #agent: http.Agent;
  readonly #maxAnswerBytes: number;

  constructor(target: WebhookTarget, { maxConnections, maxAnswerBytes }: WebhookClientOptions) {
    this.#target = target;
    this.#url = new URL(target.url);
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

  /** Rejects with what went wrong on the way; every answer is an answer, whatever its code. Redirects are not followed. */
  async post(body: string, signal: AbortSignal, options: PostOptions = {}): Promise<WebhookAnswer> {
    const first = this.#send(body, signal, options);
    try {
      return await first.answer;
    } catch (error) {
      // The other side closed a kept connection just as the request went out: it has not read it.
      const isStale = first.request.reusedSocket && !(error instanceof BrokenAnswerError) && isReset(error);
      if (!isStale || signal.aborted) throw error;
      return await this.#send(body, signal, options).answer;
    }
  }

  #send(
    body: string,
    signal: AbortSignal,
    { query = '', place, maxAnswerBytes = this.#maxAnswerBytes }: PostOptions,
  ): { readonly request: ClientRequest; readonly answer: Promise<WebhookAnswer> } {
    const { tlsServerName } = this.#target;
    const authorization = authorizationOf(this.#target);
    const url = this.#url;
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(place !== undefined && { host: url.host }),
      ...(authorization !== undefined && { authorization }),
    };
    const request = (url.protocol === 'http:' ? http : https).request({
      method: 'POST',
      agent: this.#agent,
      host: place?.host ?? hostOf(url),
      port: place?.port ?? url.port,
      path: `${url.pathname}${url.search}${query && `${url.search === '' ? '?' : '&'}${query}`}`,
      ...(place !== undefined && isIP(hostOf(url)) === 0 && { servername: tlsServerName ?? hostOf(url) }),
      ...(place?.lookup && { lookup: place.lookup }),
      headers,
      signal,
    });
    const answer = answerOf(request, maxAnswerBytes).then(({ code, headers: told, text }) => {
      const [contentType = ''] = (told['content-type'] ?? '').split(';', 1);
      return { code, contentType: contentType.trim().toLowerCase(), text };
    });
    request.end(body);
    return { request, answer };
  }

  /** Nothing is asked any more; what was asked is still answered, and the connections end by themselves. */
  retire(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** An IPv6 address stands in brackets in a URL only. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

function authorizationOf({ token, basic }: WebhookTarget): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  return basic && `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`;
}
