/** A connection to the first endpoint whose turn it is and that takes one: for what is one long conversation. */

import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { type Endpoint, endpointKey } from '../../api/endpoint-choice.ts';
import type { EndpointTurns } from './endpoint-turns.ts';
import { foreignLookup, judgeExternalHost } from './foreign-lookup.ts';
import type { Destination } from './forwarding.ts';
import { ConnectTimeoutError } from './forwarding.ts';

export interface Connected {
  readonly socket: Socket;
  readonly endpoint: Endpoint;
}

export interface ConnectOptions {
  readonly turns: EndpointTurns;
  /** Undefined: without TLS. */
  readonly tls: { readonly alpn: readonly string[] } | undefined;
}

/** Throws what went wrong with the last that was tried. */
export async function connectInTurn({ backend, route }: Destination, options: ConnectOptions): Promise<Connected> {
  const tried = new Set<string>();
  let last: unknown = new Error('there is no endpoint');
  for (let attempt = 0; attempt < route.settings.tries; attempt += 1) {
    const endpoint = options.turns.take(backend, tried);
    if (endpoint === undefined) break;
    tried.add(endpointKey(endpoint));
    try {
      if (backend.isExternal) judgeExternalHost(endpoint.address);
      const socket = await connect(endpoint, {
        ...options,
        isExternal: backend.isExternal,
        timeoutMs: route.settings.connectTimeoutMs,
      });
      return { socket, endpoint };
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

function connect(
  { address, port }: Endpoint,
  { tls: secure, isExternal, timeoutMs }: ConnectOptions & { readonly isExternal: boolean; readonly timeoutMs: number },
): Promise<Socket> {
  const to = { host: address, port, ...(isExternal && { lookup: foreignLookup }) };
  const name = net.isIP(address) === 0 ? { servername: address } : {};
  const socket =
    secure === undefined
      ? net.connect(to)
      : tls.connect({ ...to, ...name, ALPNProtocols: [...secure.alpn], rejectUnauthorized: false });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new ConnectTimeoutError()), timeoutMs);
    socket.once(secure === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', reject);
      socket.setNoDelay(true);
      resolve(socket);
    });
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
  });
}
