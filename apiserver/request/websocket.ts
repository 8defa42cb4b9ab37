/** Turns a request that asked for it into a WebSocket. What goes over it is the caller's matter. */

import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiRequest } from './api-request.ts';

/** What a browser cannot put into a header: its token travels as a sub-protocol, never to be chosen. */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';
/** Every message is text, of base64. */
export const base64Protocol = 'base64.binary.k8s.io';

const server = new WebSocketServer({
  noServer: true,
  maxPayload: 64 * 1024,
  handleProtocols(protocols) {
    return [...protocols].find((protocol) => !protocol.startsWith(tokenProtocol)) ?? false;
  },
});

export const wantsWebSocket = (request: ApiRequest): boolean =>
  request.upgrade !== undefined && request.header('upgrade').toLowerCase() === 'websocket';

/** Takes the connection over. */
export async function acceptWebSocket(request: ApiRequest): Promise<WebSocket> {
  const head = request.upgrade?.head ?? Buffer.alloc(0);
  const socket = request.takeSocket();
  return await new Promise<WebSocket>((resolve) => {
    server.handleUpgrade(request.incoming, socket, head, resolve);
  });
}
