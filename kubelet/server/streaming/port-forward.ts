/** Port-forward: connections of the caller, each carried to a port inside the pod. */

import { type Duplex, PassThrough } from 'node:stream';
import type { WebSocket } from 'ws';
import { chunksOf } from '../../../base/chunks.ts';
import { networkErrorText } from '../../../base/network-error-text.ts';
import { SpdyConnection, type SpdyStream } from './spdy-connection.ts';
import { decodeMessage, highWater, isBase64, passOn, sendMessage } from './websocket-channels.ts';

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
      stream.resume(); // nothing comes but its end, which has to be read for the stream to be over
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

/** Ends when both directions have. A connection that breaks is broken for the caller too, and no error of forwarding. */
async function pipeBoth(data: SpdyStream, target: Duplex): Promise<void> {
  data.pipe(target);
  target.pipe(data);
  data.on('close', () => {
    if (!data.readableEnded || !data.writableFinished) target.destroy();
  });
  if (data.destroyed) target.destroy();
  await new Promise<void>((resolve) => {
    target.on('close', resolve);
    target.on('error', () => data.reset());
  });
}

const explain = (port: number, error: unknown): string =>
  `error forwarding port ${port} to pod: ${networkErrorText(error)}`;

/**
 * Over WebSocket channels: for the port at place i, channel 2i carries data and 2i + 1 errors; each begins with the port.
 * Hangs up when the connections to all ports are over. There is no half-close in this protocol.
 */
export async function forwardOverWebSocket(socket: WebSocket, ports: readonly number[], dial: Dial): Promise<void> {
  const inputs = ports.map(() => new PassThrough({ highWaterMark: highWater }));
  socket.on('message', (message: Buffer) => {
    const { channel, content } = decodeMessage(message, isBase64(socket.protocol));
    const input = inputs[channel / 2];
    if (input !== undefined && content.length > 0) passOn(socket, input, content);
  });
  const hangUp = () => {
    for (const input of inputs) input.destroy();
  };
  socket.on('close', hangUp);
  socket.on('error', hangUp);
  await Promise.all(
    inputs.map((input, index) => carryChannel(socket, input, { index, port: ports[index] ?? 0, dial })),
  );
  socket.close(1000);
}

async function carryChannel(
  socket: WebSocket,
  input: PassThrough,
  { index, port, dial }: { readonly index: number; readonly port: number; readonly dial: Dial },
): Promise<void> {
  const [data, errors] = [2 * index, 2 * index + 1];
  const head = Buffer.alloc(2);
  head.writeUInt16LE(port);
  await sendMessage(socket, data, head);
  await sendMessage(socket, errors, head);
  try {
    const target = await dial(port);
    input.on('close', () => target.destroy());
    if (input.destroyed) target.destroy();
    input.pipe(target);
    for await (const chunk of chunksOf(target)) await sendMessage(socket, data, chunk);
  } catch (error) {
    await sendMessage(socket, errors, Buffer.from(explain(port, error)));
  }
  input.destroy();
}
