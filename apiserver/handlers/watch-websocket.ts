/** A watch over WebSocket, for browsers: one frame for each event, text or base64 as the sub-protocol says. */

import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { ApiRequest } from '../server/api-request.ts';
import type { WatchStream } from './watch-stream.ts';

/** What a browser cannot put into a header: its token travels as a sub-protocol, never to be chosen. */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';
const base64Protocol = 'base64.binary.k8s.io';
/** A client that has this much waiting gets nothing more until it has read some. */
const highWaterBytes = 1024 * 1024;

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
export async function openWebSocketStream(request: ApiRequest, gone: AbortController): Promise<WatchStream> {
  const head = request.upgrade?.head ?? Buffer.alloc(0);
  const socket = request.takeSocket();
  const webSocket = await new Promise<WebSocket>((resolve) => {
    server.handleUpgrade(request.incoming, socket, head, resolve);
  });
  webSocket.on('close', () => gone.abort());
  webSocket.on('error', () => gone.abort());
  const isBase64 = webSocket.protocol === base64Protocol;
  let onDrain: (() => void) | undefined;
  const frame = (event: Buffer | string) => {
    const text = typeof event === 'string' ? event : event.toString('utf8');
    return isBase64 ? Buffer.from(text).toString('base64') : text.trimEnd();
  };
  return {
    send(event) {
      webSocket.send(frame(event), () => {
        if (webSocket.bufferedAmount < highWaterBytes) onDrain?.();
      });
    },
    get hasRoom() {
      return webSocket.bufferedAmount < highWaterBytes;
    },
    onDrain(available) {
      onDrain = available;
    },
    end() {
      webSocket.close(1000);
    },
  };
}
