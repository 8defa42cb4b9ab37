/** Port-forward: connections of the caller, each carried to a port inside the pod. */

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { SpdyConnection, type SpdyStream } from './spdy-connection.ts';
import { decodeMessage, isBase64, sendMessage } from './websocket-channels.ts';

/** Opens a connection to a port of the pod. */
export type Dial = (port: number) => Promise<Duplex>;

/** Over SPDY: for each connection two streams with one `requestid`, `error` and `data`. */
export async function forwardOverSpdy(
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
  dial: Dial,
): Promise<void> {
  const errors = new Map<string, SpdyStream>();
  const connection = new SpdyConnection(socket, (stream) => {
    const id = stream.headers.get('requestid') ?? stream.headers.get('port') ?? '';
    if (stream.headers.get('streamtype') === 'error') {
      errors.set(id, stream);
      stream.on('close', () => errors.delete(id));
    } else void carry(stream, errors.get(id), dial);
  });
  await connection.run(head);
}

async function carry(data: SpdyStream, errors: SpdyStream | undefined, dial: Dial): Promise<void> {
  const port = Number(data.headers.get('port'));
  try {
    const target = await dial(port);
    await pipeBoth(data, target);
    errors?.end();
  } catch (error) {
    errors?.end(explain(port, error));
    data.reset();
  }
}

/** Ends when both directions have. */
async function pipeBoth(a: Duplex, b: Duplex): Promise<void> {
  a.pipe(b);
  b.pipe(a);
  a.on('close', () => b.destroy());
  await new Promise<void>((resolve) => {
    b.on('close', resolve);
    b.on('error', () => a.destroy());
  });
}

const explain = (port: number, error: unknown): string =>
  `error forwarding port ${port} to pod: ${error instanceof Error ? error.message : String(error)}`;

/** Over WebSocket channels: for the port at place i, channel 2i carries data and 2i + 1 errors; each begins with the port. */
export async function forwardOverWebSocket(socket: WebSocket, ports: readonly number[], dial: Dial): Promise<void> {
  const targets = new Map<number, Duplex>();
  const closed = new Promise<void>((resolve) => {
    socket.on('close', resolve);
    socket.on('error', () => resolve());
  });
  const waiting: Buffer[] = [];
  const take = (message: Buffer) => {
    const { channel, content } = decodeMessage(message, isBase64(socket.protocol));
    if (content.length > 0) targets.get(channel)?.write(content);
  };
  let ready = false;
  socket.on('message', (message: Buffer) => {
    if (ready) take(message);
    else waiting.push(message);
  });
  for (const [index, port] of ports.entries()) {
    const head = Buffer.alloc(2);
    head.writeUInt16LE(port);
    await sendMessage(socket, 2 * index, head);
    await sendMessage(socket, 2 * index + 1, head);
    try {
      const target = await dial(port);
      targets.set(2 * index, target);
      void sendAll(socket, 2 * index, target);
    } catch (error) {
      await sendMessage(socket, 2 * index + 1, Buffer.from(explain(port, error)));
    }
  }
  ready = true;
  for (const message of waiting) take(message);
  await closed;
  for (const target of targets.values()) target.destroy();
}

async function sendAll(socket: WebSocket, channel: number, target: Duplex): Promise<void> {
  try {
    for await (const chunk of target as AsyncIterable<Buffer>) await sendMessage(socket, channel, chunk);
  } catch (error) {
    await sendMessage(socket, channel + 1, Buffer.from(String(error)));
  }
  socket.close(1000);
}
