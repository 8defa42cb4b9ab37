/** Keeps `status.loadBalancer` of Ingresses true, as far as this node is concerned. */

import { isNodeReady } from '../../api/nodes.ts';
import { nodes } from '../../api/resources/core.ts';
import { ingresses } from '../../api/resources/networking.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import type { Node } from '../../api/types/core/v1.ts';
import type { Ingress, IngressPortStatus } from '../../api/types/networking/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { createInformer } from '../../client/informer.ts';
import type { Cached, Informer } from '../../client/object-cache.ts';
import { planStatus } from './status-plan.ts';

export interface StatusWriterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of this node. */
  readonly address: string;
  ours(): Iterable<Cached<Ingress>>;
  ports(): readonly IngressPortStatus[];
}

const everyMs = 30_000;
/** Changes come in groups. */
const groupingMs = 100;
const lastMs = 5_000;

export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #nodes: Informer<Node>;
  #wake: () => void = () => {};
  #isDue = true;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#nodes = createInformer(options.client, nodes, { logger: options.logger });
  }

  changed(): void {
    this.#isDue = true;
    this.#wake();
  }

  /** Until `signal` aborts; this node's address is taken away then. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const following = this.#nodes.run(signal);
    await this.#nodes.synced(signal);
    while (!signal.aborted) {
      this.#isDue = false;
      await this.#writeAll(this.#options.ports());
      await clock.sleep(groupingMs, signal);
      if (this.#isDue) continue;
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await clock.sleep(everyMs, AbortSignal.any([signal, woken.signal]));
    }
    await following;
    await Promise.race([this.#writeAll([]), clock.sleep(lastMs)]);
  }

  async #writeAll(ports: readonly IngressPortStatus[]): Promise<void> {
    const readyAddresses = new Set([...this.#nodes.list()].filter(isNodeReady).flatMap(addressesOf));
    for (const ingress of this.#options.ours()) {
      try {
        await this.#write(ingress, { ports, readyAddresses });
      } catch (error) {
        // Another has written meanwhile, or it is gone: what comes by the watch says what is to be done.
        if (!isConflict(error) && !isNotFound(error))
          this.#options.logger.debug('The status of an Ingress could not be written', { error });
      }
    }
  }

  async #write(
    ingress: Cached<Ingress>,
    {
      ports,
      readyAddresses,
    }: { readonly ports: readonly IngressPortStatus[]; readonly readyAddresses: ReadonlySet<string> },
  ): Promise<void> {
    const { namespace, name, resourceVersion } = ingress.metadata;
    const present = ingress.status?.loadBalancer?.ingress ?? [];
    const wanted = planStatus({ present, own: this.#options.address, ports, readyAddresses });
    if (wanted === undefined) return;
    const body = { metadata: { resourceVersion }, status: { loadBalancer: { ingress: wanted } } };
    await this.#options.client.patch<Ingress>(
      ingresses,
      { namespace, name },
      { type: 'merge', body },
      { subresource: 'status' },
    );
  }
}

const addressesOf = ({ status }: Cached<Node>): string[] =>
  (status?.addresses ?? []).flatMap(({ type, address }) => (type === 'InternalIP' ? [address] : []));
