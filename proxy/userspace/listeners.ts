/** The proxy's own sockets: keeps exactly those open that are asked for, each with its endpoints. */

import type { Endpoint, Protocol } from '../../api/endpoint-choice.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Balancer } from './balancer.ts';
import type { Listener, ListenerAddress } from './listener.ts';
import { listenTcp } from './tcp-listener.ts';
import { listenUdp } from './udp-listener.ts';

export interface WantedListener extends ListenerAddress {
  readonly protocol: Protocol;
  readonly endpoints: readonly Endpoint[];
  readonly affinitySeconds: number;
}

interface Open {
  readonly listener: Listener;
  readonly balancer: Balancer;
}

export class Listeners {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #open = new Map<string, Open>();
  /** Addresses that could not be had, told once. */
  readonly #failed = new Set<string>();

  constructor(logger: Logger, clock: Clock = systemClock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Opens what is missing, closes what is not wanted. An address that another process uses is left out, and tried again
   * the next time. SCTP has no sockets in Node and is left out. */
  async set(wanted: readonly WantedListener[]): Promise<void> {
    const byKey = new Map(wanted.filter(({ protocol }) => protocol !== 'SCTP').map((one) => [keyOf(one), one]));
    for (const [key, { listener }] of [...this.#open]) {
      if (byKey.has(key)) continue;
      this.#open.delete(key);
      await listener.close();
    }
    for (const [key, one] of byKey) {
      const open = this.#open.get(key) ?? (await this.#listen(key, one));
      open?.balancer.update(one.endpoints, one.affinitySeconds);
      open?.listener.endpointsChanged();
    }
  }

  async stop(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map(({ listener }) => listener.abort()));
  }

  async #listen(key: string, one: WantedListener): Promise<Open | undefined> {
    const balancer = new Balancer(this.#clock);
    balancer.update(one.endpoints, one.affinitySeconds);
    try {
      const listener =
        one.protocol === 'UDP' ? await listenUdp(one, balancer, this.#clock) : await listenTcp(one, balancer);
      const open = { listener, balancer };
      this.#open.set(key, open);
      this.#failed.delete(key);
      return open;
    } catch (error) {
      if (!this.#failed.has(key)) this.#logger.warn('An address cannot be listened on', { address: key, error });
      this.#failed.add(key);
      return undefined;
    }
  }
}

const keyOf = ({ protocol, address, port }: WantedListener): string => `${protocol} ${address}:${port}`;
