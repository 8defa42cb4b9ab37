/** Where the events of a watch go: lines of a chunked answer, or frames of a WebSocket. */

import type { ApiRequest } from '../request/api-request.ts';
import { type Encoding, mediaTypes } from '../responses/negotiation.ts';
import { writeHead } from '../responses/responses.ts';

export interface WatchStream {
  /** Sends one event: a JSON text with its line break, or a frame of protobuf. */
  send(event: Buffer | string): void;
  /** The client has taken what was sent before, more or less. */
  readonly hasRoom: boolean;
  /** `available` is called whenever there is room again. */
  onDrain(available: () => void): void;
  /** Nothing follows. */
  end(): void;
}

/** The head is flushed at once: clients wait for it before they believe that the watch has begun. */
export function openHttpStream(request: ApiRequest, gone: AbortController, encoding: Encoding): WatchStream {
  const { outgoing } = request;
  request.signal.addEventListener('abort', () => gone.abort());
  const type = encoding === 'json' ? mediaTypes.json : `${mediaTypes[encoding]};stream=watch`;
  writeHead(request, 200, { 'content-type': type });
  outgoing.flushHeaders();
  request.observer?.streamBegins(200);
  return {
    send(event) {
      outgoing.write(event);
    },
    get hasRoom() {
      return !outgoing.writableNeedDrain;
    },
    onDrain(available) {
      outgoing.on('drain', available);
    },
    end() {
      outgoing.end();
    },
  };
}
