/** What is remembered of a request until it is counted. */

import { Http2ServerRequest } from 'node:http2';
import type { AccessEntry } from '../figures/access-log.ts';
import type { Forwarding } from '../forwarding/forwarding.ts';
import type { ClientMessage } from '../messages/client-message.ts';
import type { Arrival } from '../messages/forwarded-headers.ts';
import type { Route } from '../routing/route.ts';

export class Passage {
  readonly startedAt: number;
  route: Route | undefined;
  service = '';
  forwarding: Forwarding | undefined;
  upstream = '';
  readonly #request: ClientMessage;
  readonly #arrival: Arrival;
  readonly #method: string;
  readonly #host: string;
  readonly #receivedBefore: number;
  readonly #sentBefore: number;
  #received = 0;
  #sent = 0;

  constructor(request: ClientMessage, arrival: Arrival, startedAt: number) {
    this.startedAt = startedAt;
    this.#request = request;
    this.#arrival = arrival;
    this.#method = request.method ?? '';
    this.#host = (request instanceof Http2ServerRequest ? request.authority : request.headers.host) ?? '';
    // Sockets of HTTP/2 carry many requests at a time.
    const { socket } = request;
    this.#receivedBefore = request instanceof Http2ServerRequest ? 0 : socket.bytesRead;
    this.#sentBefore = request instanceof Http2ServerRequest ? 0 : socket.bytesWritten;
  }

  count(received: number, sent: number): void {
    this.#received += received;
    this.#sent += sent;
  }

  /** What came after the head of the request, and all that was sent, as the connection has it; of HTTP/2 those of the stream's data. */
  bytes(): { readonly received: number; readonly sent: number } {
    const request = this.#request;
    if (request instanceof Http2ServerRequest)
      return {
        received: this.#received + (this.forwarding?.body?.size ?? 0),
        sent: this.#sent + (this.forwarding?.sentBytes ?? 0),
      };
    const { bytesRead, bytesWritten } = request.socket;
    return { received: bytesRead - this.#receivedBefore, sent: bytesWritten - this.#sentBefore };
  }

  entry(): Omit<AccessEntry, 'at' | 'status' | 'milliseconds' | 'receivedBytes' | 'sentBytes'> {
    return {
      client: this.#arrival.client.address,
      method: this.#method,
      host: this.#host,
      path: this.#request.url ?? '',
      protocol: `HTTP/${this.#request.httpVersion}${this.#arrival.isSecure ? ' TLS' : ''}`,
      namespace: this.route?.namespace ?? '',
      ingress: this.route?.ingress ?? '',
      service: this.service,
      upstream: this.forwarding?.upstream ?? this.upstream,
    };
  }
}
