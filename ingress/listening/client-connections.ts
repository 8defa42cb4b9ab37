/**
 * Connections of clients: no more than so many, all together and from one address; who is really connected, where a
 * balancer says so; and none that says nothing.
 */

import type { Socket } from 'node:net';
import type { Arrival, ClientAddress } from '../messages/forwarded-headers.ts';
import { readProxyHeader } from './proxy-header.ts';

export interface ConnectionLimits {
  readonly all: number;
  readonly perAddress: number;
}

export interface ClientConnectionsOptions {
  readonly limits: ConnectionLimits;
  /** Each connection begins with a header of the PROXY protocol; one without is closed. */
  readonly proxyProtocol: boolean;
}

/** For the header of the PROXY protocol. */
const headerMs = 5_000;

export class ClientConnections {
  readonly #options: ClientConnectionsOptions;
  readonly #open = new Map<Socket, Arrival>();
  readonly #byAddress = new Map<string, number>();
  /** How many were closed for there were too many. */
  refused = 0;

  constructor(options: ClientConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Calls `ready` once it is known who has connected; or closes it. */
  accept(socket: Socket, isSecure: boolean, ready: (arrival: Arrival) => void): void {
    socket.on('error', () => socket.destroy());
    const port = socket.localPort ?? 0;
    const peer = { address: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    const meet = (client: ClientAddress) => {
      const arrival = { client, isSecure, port };
      if (this.#add(socket, arrival)) ready(arrival);
    };
    if (this.#open.size >= this.#options.limits.all) this.#refuse(socket);
    else if (this.#options.proxyProtocol) this.#readHeader(socket, (client) => meet(client ?? peer));
    else meet(peer);
  }

  closeAll(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  #add(socket: Socket, arrival: Arrival): boolean {
    const { address } = arrival.client;
    const count = (this.#byAddress.get(address) ?? 0) + 1;
    if (count > this.#options.limits.perAddress) {
      this.#refuse(socket);
      return false;
    }
    this.#byAddress.set(address, count);
    this.#open.set(socket, arrival);
    socket.once('close', () => {
      this.#open.delete(socket);
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
    return true;
  }

  #refuse(socket: Socket): void {
    this.refused += 1;
    socket.destroy();
  }

  #readHeader(socket: Socket, done: (client: ClientAddress | undefined) => void): void {
    let bytes: Buffer = Buffer.alloc(0);
    const timer = setTimeout(() => socket.destroy(), headerMs);
    socket.once('close', () => clearTimeout(timer));
    // Pulled, not pushed: what comes after the header is for whoever takes the socket over.
    const onReadable = () => {
      const chunk: unknown = socket.read();
      if (!Buffer.isBuffer(chunk)) return;
      bytes = Buffer.concat([bytes, chunk]);
      const header = readProxyHeader(bytes);
      if (header.is === 'incomplete') return;
      clearTimeout(timer);
      socket.off('readable', onReadable);
      if (header.is === 'invalid') {
        socket.destroy();
        return;
      }
      const rest = bytes.subarray(header.length);
      if (rest.length > 0) socket.unshift(rest);
      done(header.client);
    };
    socket.on('readable', onReadable);
  }
}

/** Sockets that listen to both families give IPv4 addresses in their IPv6 form. */
const plainAddress = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address);
