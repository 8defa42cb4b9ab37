/** Channels in WebSocket messages: the first byte says which. `v5.channel.k8s.io` and its elders, base64 for browsers. */

import { PassThrough, type Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import { encodeExitStatus, type RemoteChannels, type TerminalSize, TerminalSizeReader } from './remote-command.ts';

/** In the order in which we like them. */
export const commandProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v5.base64.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'base64.channel.k8s.io',
  'channel.k8s.io',
] as const;

const channelNumbers = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
/** As much may wait for a slow process. */
export const highWater = 1 << 20;

export const isBase64 = (protocol: string): boolean => protocol.includes('base64');

/** A message taken apart, whatever its coding. */
export function decodeMessage(data: Buffer, base64: boolean): { readonly channel: number; readonly content: Buffer } {
  if (!base64) return { channel: data[0] ?? 0, content: data.subarray(1) };
  return {
    channel: Number(String.fromCharCode(data[0] ?? 48)),
    content: Buffer.from(data.toString('latin1', 1), 'base64'),
  };
}

export function encodeMessage(channel: number, content: Buffer, base64: boolean): Buffer | string {
  return base64 ? `${channel}${content.toString('base64')}` : Buffer.concat([Buffer.from([channel]), content]);
}

/**
 * Resolves when it is out, or nobody is there any more. Messages that wait together would become one TLS record, and
 * there are clients (the Python one) that wait for their socket while the next message is in a record they have read.
 */
export async function sendMessage(socket: WebSocket, channel: number, content: Buffer): Promise<void> {
  if (socket.readyState !== socket.OPEN) return;
  await new Promise<void>((resolve) => {
    socket.send(encodeMessage(channel, content, isBase64(socket.protocol)), () => resolve());
  });
}

/** Passes on what came; who does not take it yet holds the caller back. */
export function passOn(socket: WebSocket, target: Writable, content: Buffer): void {
  if (target.destroyed || target.writableEnded || target.write(content) || socket.isPaused) return;
  socket.pause();
  const resume = () => {
    target.off('drain', resume).off('close', resume);
    socket.resume();
  };
  target.on('drain', resume).on('close', resume);
}

export function openWebSocketChannels(socket: WebSocket, wantsStdin: boolean): RemoteChannels {
  const stdin = new PassThrough({ highWaterMark: highWater });
  const sizes = new TerminalSizeReader();
  const gone = new AbortController();
  let resized: (size: TerminalSize) => void = () => {};
  socket.on('message', (data: Buffer) => {
    const { channel, content } = decodeMessage(data, isBase64(socket.protocol));
    if (channel === channelNumbers.stdin && wantsStdin) passOn(socket, stdin, content);
    else if (channel === channelNumbers.close && content[0] === channelNumbers.stdin) stdin.end();
    else if (channel === channelNumbers.resize) for (const size of sizes.read(content)) resized(size);
  });
  socket.on('close', () => {
    stdin.end();
    gone.abort();
  });
  socket.on('error', () => {}); // it is closed next
  return {
    stdin: wantsStdin ? stdin : undefined,
    write: (channel, content) => sendMessage(socket, channelNumbers[channel], content),
    onResize: (listener) => {
      resized = listener;
    },
    gone: gone.signal,
    async finish(status) {
      const content = encodeExitStatus(socket.protocol, status);
      if (content !== undefined) await sendMessage(socket, channelNumbers.error, content);
      socket.close(1000);
    },
  };
}
