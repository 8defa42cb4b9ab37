/** An answer as messages of a WebSocket, for browsers that read logs: bytes, or text of base64, as the protocol says. */

import type { IncomingMessage } from 'node:http';
import { chunksOf } from '../../../base/chunks.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { acceptWebSocket, base64Protocol } from '../../request/websocket.ts';

/** Resolves when the answer is over, or the client has gone. */
export async function sendOverWebSocket(request: ApiRequest, response: IncomingMessage): Promise<void> {
  const webSocket = await acceptWebSocket(request);
  webSocket.on('close', () => response.destroy());
  webSocket.on('error', () => response.destroy());
  const isBase64 = webSocket.protocol === base64Protocol;
  try {
    for await (const chunk of chunksOf(response)) {
      // The next one is read when this one is out: a slow client holds the kubelet up, not our memory.
      await new Promise<void>((resolve, reject) => {
        webSocket.send(isBase64 ? chunk.toString('base64') : chunk, (error) => (error ? reject(error) : resolve()));
      });
    }
    webSocket.close(1000);
  } catch {
    // One of the two ends has gone, and this is how the other learns of it.
    webSocket.terminate();
  }
}
