/** Chooses endpoints in user space as the kernel rules do: strict round robin, clients remembered where asked for. */

import { type Endpoint, endpointKey } from '../../api/endpoint-choice.ts';
import type { Clock } from '../../base/clock.ts';

interface Remembered {
  readonly endpoint: Endpoint;
  readonly untilMs: number;
}

const rememberedClients = 65_536;

export class Balancer {
  readonly #clock: Clock;
  readonly #clients = new Map<string, Remembered>();
  #endpoints: readonly Endpoint[] = [];
  #affinityMs = 0;
  #next = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  update(endpoints: readonly Endpoint[], affinitySeconds: number): void {
    this.#endpoints = endpoints;
    this.#affinityMs = affinitySeconds * 1000;
    const kept = new Set(endpoints.map(endpointKey));
    for (const [client, { endpoint }] of this.#clients)
      if (this.#affinityMs === 0 || !kept.has(endpointKey(endpoint))) this.#clients.delete(client);
  }

  has(endpoint: Endpoint): boolean {
    return this.#endpoints.some((other) => endpointKey(other) === endpointKey(endpoint));
  }

  /** The endpoints to try for this client, the one whose turn it is first. */
  candidatesFor(client: string): readonly Endpoint[] {
    const now = this.#clock.monotonic();
    const remembered = this.#clients.get(client);
    const start = this.#next % Math.max(1, this.#endpoints.length);
    const rotated = [...this.#endpoints.slice(start), ...this.#endpoints.slice(0, start)];
    if (remembered !== undefined && remembered.untilMs > now) {
      this.remember(client, remembered.endpoint);
      return [remembered.endpoint, ...rotated.filter((endpoint) => !isSame(endpoint, remembered.endpoint))];
    }
    this.#next = start + 1;
    return rotated;
  }

  /** The client was answered by this endpoint. */
  remember(client: string, endpoint: Endpoint): void {
    if (this.#affinityMs === 0) return;
    this.#clients.delete(client);
    this.#clients.set(client, { endpoint, untilMs: this.#clock.monotonic() + this.#affinityMs });
    for (const oldest of this.#clients.keys()) {
      if (this.#clients.size <= rememberedClients) break;
      this.#clients.delete(oldest);
    }
  }
}

const isSame = (a: Endpoint, b: Endpoint): boolean => endpointKey(a) === endpointKey(b);
