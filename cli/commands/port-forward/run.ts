/**
 * `port-forward`: listens on this machine; each connection is carried to the pod over a WebSocket of its own, whose
 * channel 0 is its data and channel 1 what went wrong. Goes on until the user stops it or the pod is gone.
 */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ObjectKey, Stored } from '../../../api/object.ts';
import { pods, services } from '../../../api/resources/core.ts';
import type { Service } from '../../../api/types/core/v1.ts';
import { errorText } from '../../../base/error-text.ts';
import { networkErrorText } from '../../../base/network-error-text.ts';
import { UserError } from '../../../base/user-error.ts';
import { userAgentOf } from '../../../base/version.ts';
import { objectPath } from '../../../client/resource-path.ts';
import { openWebSocket } from '../../../client/web-socket.ts';
import { type Arguments, durationMs, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { findPod } from '../../pods-of.ts';
import { parseOne } from '../../resources.ts';
import { type ForwardedPort, parseForwardedPort } from './forwarded-ports.ts';

/** As much may wait for a slow side. */
const highWater = 1 << 20;

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const target = textOf(args, 'target') ?? '';
  const timeoutMs = durationMs(textOf(args, 'pod-running-timeout') ?? '1m', '--pod-running-timeout');
  const pod = await findPod(context, [target], { timeoutMs });
  if (pod.status?.phase !== 'Running')
    throw new UserError(
      `error: unable to forward port because pod is not running. Current status=${pod.status?.phase}`,
    );
  const service = await serviceNamed(context, target);
  const ports = textsOf(args, 'ports').map((spec) => parseForwardedPort(spec, pod, service));
  const addresses = textsOf(args, 'address').flatMap((text) => text.split(','));
  const { namespace, name } = pod.metadata;
  const servers: Server[] = [];
  try {
    for (const port of ports) servers.push(...(await listen(context, { port, addresses, pod: { namespace, name } })));
    await untilStopped(context);
  } finally {
    for (const server of servers) server.close();
  }
}

async function serviceNamed(context: CommandContext, target: string): Promise<Stored<Service> | undefined> {
  if (!target.includes('/')) return undefined;
  const client = await context.client();
  const { kind, name } = await parseOne(client, [target]);
  if (kind.kind !== 'Service' || kind.group !== '') return undefined;
  return await client.get<Service>(services, { namespace: await context.oneNamespace(), name });
}

async function untilStopped({ signal }: CommandContext): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

interface Forwarding {
  readonly port: ForwardedPort;
  readonly addresses: readonly string[];
  readonly pod: ObjectKey;
}

/** `localhost` is both of its addresses, of which one is enough. */
async function listen(context: CommandContext, { port, addresses, pod }: Forwarding): Promise<Server[]> {
  const servers: Server[] = [];
  let { local } = port;
  for (const address of addresses) {
    const hosts = address === 'localhost' ? ['127.0.0.1', '::1'] : [address];
    const failures: unknown[] = [];
    for (const host of hosts) {
      const accept = (socket: Socket) => void carry(context, socket, { pod, remote: port.remote, local });
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accept);
      try {
        local = await listenOn(server, host, local);
      } catch (error) {
        failures.push(error);
        continue;
      }
      servers.push(server);
      const shown = host.includes(':') ? `[${host}]` : host;
      context.out.write(`Forwarding from ${shown}:${local} -> ${port.remote}\n`);
    }
    if (failures.length === hosts.length)
      throw new UserError(`error: unable to listen on port ${local} of ${address}: ${errorText(failures[0])}`);
  }
  return servers;
}

async function listenOn(server: Server, host: string, port: number): Promise<number> {
  server.listen({ port, host, exclusive: true });
  await Promise.race([once(server, 'listening'), once(server, 'error').then(([error]) => Promise.reject(error))]);
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

interface Carrying {
  readonly pod: ObjectKey;
  readonly remote: number;
  readonly local: number;
}

async function carry(context: CommandContext, socket: Socket, { pod, remote, local }: Carrying): Promise<void> {
  socket.on('error', () => socket.destroy());
  context.out.write(`Handling connection for ${local}\n`);
  try {
    const tunnel = await openWebSocket(await context.connection(), {
      path: `${objectPath(pods, pod, 'portforward')}?ports=${remote}`,
      protocols: ['v4.channel.k8s.io'],
      userAgent: userAgentOf('kubecfg'),
    });
    join(context, socket, tunnel);
    const stop = () => tunnel.close();
    context.signal.addEventListener('abort', stop, { once: true });
    tunnel.once('close', () => context.signal.removeEventListener('abort', stop));
  } catch (error) {
    socket.destroy();
    context.errors.write(`error: an error occurred forwarding ${local} -> ${remote}: ${reasonOf(error)}\n`);
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? networkErrorText(error) : errorText(error));

/** Each channel begins with the number of the port, which nobody needs. */
function join(context: CommandContext, socket: Socket, tunnel: WebSocket): void {
  const skip = [2, 2];
  tunnel.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0;
    const skipped = Math.min(skip[channel] ?? 0, message.length - 1);
    skip[channel] = (skip[channel] ?? 0) - skipped;
    const content = message.subarray(1 + skipped);
    if (content.length === 0) return;
    if (channel === 1) context.errors.write(`error: ${content.toString().trim()}\n`);
    else if (!socket.write(content)) {
      tunnel.pause();
      socket.once('drain', () => tunnel.resume());
    }
  });
  socket.on('data', (chunk) => {
    tunnel.send(Buffer.concat([Buffer.of(0), chunk]), () => socket.resume());
    if (tunnel.bufferedAmount > highWater) socket.pause();
  });
  // The protocol has no half-close: who has sent all may still wait for the answer.
  socket.on('close', () => tunnel.close());
  tunnel.on('error', () => socket.destroy());
  tunnel.on('close', () => socket.end());
  tunnel.resume();
  socket.resume();
}
