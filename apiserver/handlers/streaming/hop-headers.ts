/** Headers of one hop of a request and its answer: what is said of a connection says nothing of the next one. */

import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { isIdentityHeader, withoutTokens } from './identity-headers.ts';

const hopHeaders: readonly string[] = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Whether it ends at this hop: always, or as `Connection` names it. */
function isHopHeader(name: string, headers: IncomingHttpHeaders): boolean {
  const named = (headers.connection ?? '').toLowerCase().split(',');
  return hopHeaders.includes(name) || named.some((one) => one.trim() === name);
}

/**
 * What the next server is told of a request, without who asks. The length of a body is always told: a body without one
 * would be read as a request of its own, which nobody has authorized. What asks for an upgrade has no body.
 */
export function requestHeaders({ headers: given }: IncomingMessage, asksForUpgrade: boolean): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(given)) {
    // The server has answered `Expect`; the host is the next one.
    if (name === 'host' || name === 'expect' || name === 'content-length') continue;
    if (isHopHeader(name, given) || isIdentityHeader(name)) continue;
    if (name === 'sec-websocket-protocol') {
      const protocols = withoutTokens(String(value));
      if (asksForUpgrade && protocols !== '') headers[name] = protocols;
    } else if (asksForUpgrade || !name.startsWith('sec-websocket-')) headers[name] = value;
  }
  if (asksForUpgrade) return { ...headers, connection: 'Upgrade', upgrade: given.upgrade };
  // Node frames no body by itself for GET, HEAD, DELETE and OPTIONS.
  if (given['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  else if (given['content-length'] !== undefined) headers['content-length'] = given['content-length'];
  return headers;
}

/** What the client is told of an answer. The audit ID is the API server's to say. */
export function answerHeaders({ headers }: IncomingMessage): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'audit-id' && !isHopHeader(name, headers)),
  );
}
