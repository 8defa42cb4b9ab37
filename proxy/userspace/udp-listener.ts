/** Passes UDP datagrams on: each client has a socket of its own towards its endpoint, until it is quiet for a while. */

import dgram from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from '../../api/endpoint-choice.ts';
import type { Clock } from '../../base/clock.ts';
import type { Balancer } from './balancer.ts';
import type { Listener, ListenerAddress } from './listener.ts';

interface Flow {
  readonly endpoint: Endpoint;
  readonly upstream: dgram.Socket;
  lastUsedMs: number;
}

/** As long as the kernel remembers a two-way UDP flow. */
const idleMs = 120_000;

export async function listenUdp(at: ListenerAddress, balancer: Balancer, clock: Clock): Promise<Listener> {
  const relay = new UdpRelay(balancer, clock);
  await relay.listen(at);
  return relay;
}

class UdpRelay implements Listener {
  readonly #balancer: Balancer;
  readonly #clock: Clock;
  readonly #socket = dgram.createSocket('udp4');
  readonly #flows = new Map<string, Flow>();
  readonly #over = new AbortController();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(balancer: Balancer, clock: Clock) {
    this.#balancer = balancer;
    this.#clock = clock;
  }

  async listen({ address, port }: ListenerAddress): Promise<void> {
    this.#socket.on('message', (message, from) => this.#toEndpoint(message, from));
    this.#socket.bind({ address, port, exclusive: true });
    await once(this.#socket, 'listening');
    // A client that is gone answers with ICMP, which shows as an error here; UDP promises nothing.
    this.#socket.on('error', () => undefined);
    this.#sweeping = this.#sweep();
  }

  endpointsChanged(): void {
    for (const [client, flow] of this.#flows) if (!this.#balancer.has(flow.endpoint)) this.#end(client, flow);
  }

  close(): Promise<void> {
    return this.abort();
  }

  async abort(): Promise<void> {
    this.#over.abort();
    for (const [client, flow] of this.#flows) this.#end(client, flow);
    this.#socket.close();
    await this.#sweeping;
  }

  #toEndpoint(message: Buffer, from: dgram.RemoteInfo): void {
    const client = `${from.address}:${from.port}`;
    const flow = this.#flows.get(client) ?? this.#begin(client, from);
    if (flow === undefined) return;
    flow.lastUsedMs = this.#clock.monotonic();
    flow.upstream.send(message, flow.endpoint.port, flow.endpoint.address);
  }

  #begin(client: string, from: dgram.RemoteInfo): Flow | undefined {
    const [endpoint] = this.#balancer.candidatesFor(from.address);
    if (endpoint === undefined) return undefined;
    this.#balancer.remember(from.address, endpoint);
    const flow: Flow = { endpoint, upstream: dgram.createSocket('udp4'), lastUsedMs: this.#clock.monotonic() };
    flow.upstream.on('message', (answer) => {
      flow.lastUsedMs = this.#clock.monotonic();
      this.#socket.send(answer, from.port, from.address);
    });
    flow.upstream.on('error', () => this.#end(client, flow));
    this.#flows.set(client, flow);
    return flow;
  }

  #end(client: string, flow: Flow): void {
    if (this.#flows.get(client) !== flow) return;
    this.#flows.delete(client);
    flow.upstream.close();
  }

  async #sweep(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#clock.sleep(idleMs / 4, this.#over.signal);
      const oldest = this.#clock.monotonic() - idleMs;
      for (const [client, flow] of this.#flows) if (flow.lastUsedMs < oldest) this.#end(client, flow);
    }
  }
}
