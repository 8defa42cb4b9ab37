/** A client of exec and attach that can do what real ones do and what they should not: every protocol, hanging up early. */

import { once } from 'node:events';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Connection } from '../../client/connection.ts';
import { decodeMessage, encodeMessage } from '../../kubelet/server/streaming/websocket-channels.ts';
import { SpdyClient } from './spdy-client.ts';

export const webSocketProtocols = [
  '',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  'v4.channel.k8s.io',
  'v5.channel.k8s.io',
] as const;
export const spdyProtocols = [
  '',
  'channel.k8s.io',
  'v2.channel.k8s.io',
  'v3.channel.k8s.io',
  'v4.channel.k8s.io',
] as const;

/** What came, by channel. */
export interface Heard {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** How it ended, as the protocol says it. */
  readonly error: string;
}

export interface CommandClient {
  /** Resolves when it is out. */
  send(content: Buffer): Promise<void>;
  /** The end of the input, in protocols that have one. */
  endInput(): void;
  /** Hangs up as a well-behaved client does: when all that was sent is on its way. */
  close(): void;
  /** Takes nothing more until `resume`. */
  pause(): void;
  resume(): void;
  /** All that came until the server hung up. */
  readonly heard: Promise<Heard>;
}

export interface CommandTarget {
  readonly connection: Connection;
  /** With query. */
  readonly path: string;
  readonly protocol: string;
}

const names = ['stdin', 'stdout', 'stderr', 'error'] as const;

class Channels {
  readonly #chunks = new Map<string, Buffer[]>();

  add(name: string, content: Buffer): void {
    this.#chunks.set(name, [...(this.#chunks.get(name) ?? []), content]);
  }

  get heard(): Heard {
    const of = (name: string) => Buffer.concat(this.#chunks.get(name) ?? []);
    return { stdout: of('stdout'), stderr: of('stderr'), error: of('error').toString() };
  }
}

const tlsOf = ({ certificateAuthority: ca, clientCertificate: cert, clientKey: key }: Connection) => ({
  ca,
  cert,
  key,
});

/** Rejects when the upgrade is refused. */
export async function openWebSocketCommand({ connection, path, protocol }: CommandTarget): Promise<CommandClient> {
  const url = `${connection.servers[0]?.replace('https:', 'wss:')}${path}`;
  const { ca, cert, key } = tlsOf(connection);
  const socket = new WebSocket(url, protocol === '' ? [] : [protocol], {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
  const channels = new Channels();
  const isBase64 = protocol.includes('base64');
  socket.on('message', (data: Buffer) => {
    const { channel, content } = decodeMessage(data, isBase64);
    channels.add(names[channel] ?? '', content);
  });
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  await once(socket, 'open');
  return {
    send: (content) => new Promise((resolve) => socket.send(encodeMessage(0, content, isBase64), () => resolve())),
    endInput: () => socket.send(Buffer.from([255, 0])),
    close: () => socket.close(1000),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    heard: closed.then(() => channels.heard),
  };
}

/** Rejects when the upgrade is refused. */
export async function openSpdyCommand(target: CommandTarget, streams: readonly string[]): Promise<CommandClient> {
  const socket = await upgradeToSpdy(target);
  const client = new SpdyClient(socket);
  const ids = new Map<string, number>();
  for (const name of ['error', ...streams]) ids.set(name, await client.open({ streamtype: name }));
  const of = (name: string) =>
    Buffer.concat(
      client
        .of(ids.get(name) ?? -1)
        .filter(({ type }) => type === 'data')
        .map(({ content }) => content),
    );
  const stdin = ids.get('stdin') ?? -1;
  return {
    send: (content) => new Promise((resolve) => client.send(stdin, content, { taken: resolve })),
    endInput: () => client.end(stdin),
    close: () => void socket.end(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    heard: new Promise((resolve) => socket.on('close', resolve)).then(() => ({
      stdout: of('stdout'),
      stderr: of('stderr'),
      error: of('error').toString(),
    })),
  };
}

async function upgradeToSpdy({ connection, path, protocol }: CommandTarget): Promise<Duplex> {
  const { ca, cert, key } = tlsOf(connection);
  const request = https.request(`${connection.servers[0]}${path}`, {
    method: 'POST',
    agent: false,
    ca,
    cert,
    key,
    headers: {
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      ...(protocol !== '' && { 'x-stream-protocol-version': protocol }),
    },
  });
  request.end();
  return await new Promise((resolve, reject) => {
    request.on('upgrade', (_, socket) => resolve(socket));
    request.on('response', ({ statusCode }) => reject(new Error(`refused with ${statusCode}`)));
    request.on('error', reject);
  });
}
