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
  // Node would write each chunk in four pieces, for each watcher anew. A client of HTTP/1.0 gets no chunks.
  const { chunkedEncoding: isChunked } = outgoing;
  outgoing.chunkedEncoding = false;
  return {
    send(event) {
      outgoing.write(isChunked ? chunkOf(event) : event);
    },
    get hasRoom() {
      return !outgoing.writableNeedDrain;
    },
    onDrain(available) {
      outgoing.on('drain', available);
    },
    end() {
      outgoing.end(isChunked ? lastChunk : undefined);
    },
  };
}

const lastChunk = '0\r\n\r\n';
/** By event: all watchers are sent the same bytes. */
const chunks = new WeakMap<Buffer, Buffer>();

/** The event as a chunk of HTTP/1.1. */
function chunkOf(event: Buffer | string): Buffer {
  const known = typeof event === 'string' ? undefined : chunks.get(event);
  if (known !== undefined) return known;
  const bytes = typeof event === 'string' ? Buffer.from(event) : event;
  const chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, chunkEnd]);
  if (typeof event !== 'string') chunks.set(event, chunk);
  return chunk;
}

const chunkEnd = Buffer.from('\r\n');
