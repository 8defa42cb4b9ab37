/**
 * Node ports on 127.0.0.1, beside nftables: the kernel does not route packets from loopback addresses elsewhere (only
 * with `route_localnet`, which would open loopback services to neighbours), so this process passes them on.
 */

import type { Logger } from '../../base/logger.ts';
import type { RuleApplier } from '../services/rule-applier.ts';
import type { Rules } from '../services/rules.ts';
import { Listeners } from './listeners.ts';

export class LoopbackPorts implements RuleApplier {
  readonly #listeners: Listeners;

  constructor(logger: Logger) {
    this.#listeners = new Listeners(logger);
  }

  async apply({ services }: Rules): Promise<void> {
    await this.#listeners.set(
      services.flatMap(({ nodePort, protocol, anywhere, affinitySeconds }) =>
        nodePort === undefined || anywhere.length === 0
          ? []
          : [{ protocol, address: '127.0.0.1', port: nodePort, endpoints: anywhere, affinitySeconds }],
      ),
    );
  }

  /** Sockets cannot be taken away. */
  verify(): Promise<boolean> {
    return Promise.resolve(true);
  }

  stop(): Promise<void> {
    return this.#listeners.stop();
  }
}
