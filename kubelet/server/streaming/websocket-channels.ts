/** Channels in WebSocket messages: the first byte says which. `v5.channel.k8s.io` and its elders, base64 for browsers. */

import { PassThrough } from 'node:stream';
import type { WebSocket } from 'ws';
import { type RemoteChannels, readTerminalSize, type TerminalSize } from './remote-command.ts';

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
/** As much may wait for a slow caller. */
const highWater = 1 << 20;
const pollMs = 10;

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

/** Sends, and waits while too much is on its way. */
export async function sendMessage(socket: WebSocket, channel: number, content: Buffer): Promise<void> {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(encodeMessage(channel, content, isBase64(socket.protocol)));
  while (socket.bufferedAmount > highWater && socket.readyState === socket.OPEN)
    await new Promise((resolve) => setTimeout(resolve, pollMs));
}

export function openWebSocketChannels(socket: WebSocket, wantsStdin: boolean): RemoteChannels {
  const stdin = new PassThrough();
  const gone = new AbortController();
  let resized: (size: TerminalSize) => void = () => {};
  socket.on('message', (data: Buffer) => {
    const { channel, content } = decodeMessage(data, isBase64(socket.protocol));
    if (channel === channelNumbers.stdin) stdin.write(content);
    else if (channel === channelNumbers.close && content[0] === channelNumbers.stdin) stdin.end();
    else if (channel === channelNumbers.resize) {
      const size = readTerminalSize(content.toString());
      if (size !== undefined) resized(size);
    }
  });
  socket.on('close', () => {
    stdin.end();
    gone.abort();
  });
  socket.on('error', () => gone.abort());
  return {
    stdin: wantsStdin ? stdin : undefined,
    write: (channel, content) => sendMessage(socket, channelNumbers[channel], content),
    onResize: (listener) => {
      resized = listener;
    },
    gone: gone.signal,
    async finish(status) {
      await sendMessage(socket, channelNumbers.error, Buffer.from(JSON.stringify(status)));
      socket.close(1000);
    },
  };
}
