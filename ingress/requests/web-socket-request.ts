/** The only upgrade that is taken: a WebSocket, asked for as RFC 6455 has it. Pure. */

import type { IncomingMessage } from 'node:http';

type Request = Pick<IncomingMessage, 'method' | 'httpVersion' | 'headers'>;

/** Why it is answered with 400; undefined: it is one. */
export function whyNoWebSocket({ method, httpVersion, headers }: Request): string | undefined {
  const { upgrade = '', 'sec-websocket-key': key = '', 'sec-websocket-version': version } = headers;
  if (upgrade.toLowerCase() !== 'websocket') return 'only WebSockets are upgraded to';
  if (method !== 'GET' || httpVersion !== '1.1') return 'a WebSocket begins with a GET of HTTP/1.1';
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0')
    return 'a WebSocket begins without a body';
  if (version !== '13' || !/^[A-Za-z0-9+/]{22}==$/.test(key)) return 'it is no WebSocket of version 13';
  return undefined;
}
