/** A watch over WebSocket, for browsers: one frame for each event, text or base64 as the sub-protocol says. */

import type { ApiRequest } from '../request/api-request.ts';
import { acceptWebSocket, base64Protocol } from '../request/websocket.ts';
import type { Encoding } from '../responses/negotiation.ts';
import type { WatchStream } from './watch-stream.ts';

/** A client that has this much waiting gets nothing more until it has read some. */
const highWaterBytes = 1024 * 1024;

/** Takes the connection over. */
export async function openWebSocketStream(
  request: ApiRequest,
  gone: AbortController,
  encoding: Encoding,
): Promise<WatchStream> {
  const webSocket = await acceptWebSocket(request);
  webSocket.on('close', () => gone.abort());
  webSocket.on('error', () => gone.abort());
  const isBase64 = webSocket.protocol === base64Protocol;
  let onDrain: (() => void) | undefined;
  const frame = (event: Buffer | string) => {
    if (encoding === 'protobuf' && typeof event !== 'string') return event;
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
