/** Passes TCP connections on to endpoints, byte for byte, half-closed directions included. */

import { once } from 'node:events';
import net from 'node:net';
import type { Endpoint } from '../../api/endpoint-choice.ts';
import type { Balancer } from './balancer.ts';
import type { Listener, ListenerAddress } from './listener.ts';

const connectTimeoutMs = 2_000;

export async function listenTcp(at: ListenerAddress, balancer: Balancer): Promise<Listener> {
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    open.add(client);
    client.once('close', () => open.delete(client));
    client.on('error', () => client.destroy());
    void passOn(client, balancer);
  });
  server.listen({ host: at.address, port: at.port, exclusive: true, backlog: 1024 });
  await once(server, 'listening');
  return {
    endpointsChanged() {
      // What is established goes on.
    },
    close() {
      server.close();
      return Promise.resolve();
    },
    async abort() {
      const closed = once(server, 'close');
      server.close();
      for (const client of open) client.destroy();
      await closed;
    },
  };
}

/** Tries one endpoint after the other; nobody answers: the client sees a reset, as from a closed port. */
async function passOn(client: net.Socket, balancer: Balancer): Promise<void> {
  const sender = client.remoteAddress ?? '';
  for (const endpoint of balancer.candidatesFor(sender)) {
    if (client.destroyed) return;
    const upstream = await connect(endpoint);
    if (upstream === undefined) continue;
    balancer.remember(sender, endpoint);
    join(client, upstream);
    return;
  }
  client.resetAndDestroy();
}

function connect({ address, port }: Endpoint): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const upstream = net.connect({
      host: address,
      port,
      allowHalfOpen: true,
      noDelay: true,
      timeout: connectTimeoutMs,
    });
    const fail = () => {
      upstream.destroy();
      resolve(undefined);
    };
    upstream.once('error', fail);
    upstream.once('timeout', fail);
    upstream.once('connect', () => {
      upstream.off('error', fail);
      upstream.off('timeout', fail);
      upstream.setTimeout(0);
      resolve(upstream);
    });
  });
}

function join(client: net.Socket, upstream: net.Socket): void {
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.destroy());
  upstream.on('error', () => client.resetAndDestroy());
  client.on('error', () => upstream.resetAndDestroy());
  client.pipe(upstream);
  upstream.pipe(client);
}
