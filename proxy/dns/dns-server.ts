/**
 * The sockets of the DNS at one address, UDP and TCP. Who is not to be answered gets nothing.
 *
 * Invariants:
 * - Nothing that arrives ends the server: sockets that break are closed and told, and `onLost` opens it anew.
 * - A TCP connection has one question under way, is closed after a while of silence, and each client has a bounded
 *   number of them.
 */

import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import type { Logger } from '../../base/logger.ts';
import type { Asked, Said } from './resolver.ts';

export interface DnsServerOptions {
  readonly address: string;
  /** Default 53. 0: any, the same for both. */
  readonly port?: number;
  readonly answer: (message: Buffer, asked: Asked) => Said | Promise<Said>;
  /** Whether a sender is to be answered at all. */
  readonly isClient: (address: string) => boolean;
  readonly onLost: (error: unknown) => void;
  readonly logger: Logger;
}

export interface RunningDnsServer {
  readonly port: number;
  stop(): Promise<void>;
}

const idleMs = 10_000;
const connections = { all: 500, ofClient: 50 };
/** A burst of 2,000 questions; the kernel gives at most what `net.core.rmem_max` says. */
const receiveBytes = 4 << 20;

/** Rejects when the address cannot be had. */
export async function startDnsServer(options: DnsServerOptions): Promise<RunningDnsServer> {
  const { address, port = 53 } = options;
  const tcp = serveTcp(options);
  tcp.server.listen({ host: address, port });
  await once(tcp.server, 'listening');
  const bound = tcp.server.address();
  const actual = bound !== null && typeof bound === 'object' ? bound.port : port;
  const udp = serveUdp(options);
  try {
    udp.bind({ address, port: actual, exclusive: true });
    await once(udp, 'listening');
  } catch (error) {
    await tcp.stop();
    throw error;
  }
  try {
    udp.setRecvBufferSize(receiveBytes);
  } catch (error) {
    options.logger.debug('The DNS keeps the usual buffer', { error });
  }
  udp.on('error', options.onLost);
  tcp.server.on('error', options.onLost);
  return {
    port: actual,
    async stop() {
      udp.close();
      await tcp.stop();
    },
  };
}

function serveUdp({ answer, isClient, address }: DnsServerOptions): dgram.Socket {
  const socket = dgram.createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' });
  let isOpen = true;
  socket.on('close', () => {
    isOpen = false;
  });
  socket.on('message', (message, from) => {
    if (!isClient(from.address)) return;
    const said = answer(message, { client: from.address, protocol: 'udp' });
    if (said instanceof Promise) void said.then(send);
    else send(said);

    function send(text: Said): void {
      // A client that is gone shows as an error here; UDP promises nothing.
      if (text !== undefined && isOpen) socket.send(text, from.port, from.address, () => undefined);
    }
  });
  return socket;
}

function serveTcp({ answer, isClient }: DnsServerOptions) {
  const open = new Map<string, Set<net.Socket>>();
  const server = net.createServer((socket) => {
    const client = socket.remoteAddress ?? '';
    const ofClient = open.get(client) ?? new Set();
    socket.on('error', () => socket.destroy());
    if (!isClient(client) || ofClient.size >= connections.ofClient) {
      socket.destroy();
      return;
    }
    open.set(client, ofClient.add(socket));
    socket.on('close', () => {
      ofClient.delete(socket);
      if (ofClient.size === 0) open.delete(client);
    });
    socket.setTimeout(idleMs, () => socket.destroy());
    // Rejects when the connection breaks, which is the client's matter.
    converse(socket, (message) => answer(message, { client, protocol: 'tcp' })).catch(() => socket.destroy());
  });
  server.maxConnections = connections.all;
  return {
    server,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const sockets of open.values()) for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Message by message: the next is read when the one before is answered. */
async function converse(socket: net.Socket, answer: (message: Buffer) => Said | Promise<Said>): Promise<void> {
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    if (!(chunk instanceof Buffer)) break;
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const said = await answer(received.subarray(2, end));
      received = received.subarray(end);
      if (said === undefined) {
        socket.destroy();
        return;
      }
      const framed = Buffer.alloc(2 + said.length);
      framed.writeUInt16BE(said.length);
      said.copy(framed, 2);
      if (!socket.write(framed)) await once(socket, 'drain');
    }
  }
  socket.end();
}
