/** One request on its way to a backend. */

import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ClientResponse } from '../messages/client-message.ts';
import type { Backend, Route } from '../routing/route.ts';
import type { RequestBody } from './request-body.ts';

/** What is the same for a request however it is forwarded. */
export interface Destination {
  readonly method: string;
  readonly route: Route;
  readonly backend: Backend;
  /** With its query, as the backend gets it. */
  readonly path: string;
}

export class Forwarding {
  readonly destination: Destination;
  /** What http-proxy sees: its headers are those that the backend gets. */
  readonly outgoing: IncomingMessage;
  readonly response: ClientResponse;
  readonly body: RequestBody | undefined;
  readonly tried = new Set<string>();
  attempts = 0;
  /** Of the present attempt. */
  request: ClientRequest | undefined;
  timedOut = false;
  /** Nothing of it happens any more. */
  isOver = false;
  /** Of the endpoint that has answered, or was tried last. */
  upstream = '';
  /** Of the answer's body, where it is counted. */
  sentBytes = 0;

  constructor(parts: Pick<Forwarding, 'destination' | 'outgoing' | 'response' | 'body'>) {
    this.destination = parts.destination;
    this.outgoing = parts.outgoing;
    this.response = parts.response;
    this.body = parts.body;
  }

  count(chunk: Buffer): void {
    this.sentBytes += chunk.length;
  }

  /** The client has sent all: from now on the backend is waited for. */
  onBodyEnd(): void {
    this.request?.setTimeout(this.destination.route.settings.readTimeoutMs);
  }
}

/** A second time does what one time does. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** No byte of the request has left us. */
const neverSent: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'],
  'ERR_CONNECT_TIMEOUT',
]);

export class ConnectTimeoutError extends Error {
  readonly code = 'ERR_CONNECT_TIMEOUT';
  constructor() {
    super('connecting took too long');
  }
}

export const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** Whether another endpoint may be asked after this failure. Pure. */
export function mayRetry(
  { method, route }: Pick<Destination, 'method' | 'route'>,
  { error, attempts, canReplay }: { readonly error: Error; readonly attempts: number; readonly canReplay: boolean },
): boolean {
  if (attempts >= route.settings.tries || !canReplay) return false;
  return neverSent.has(codeOf(error)) || idempotent.has(method);
}
