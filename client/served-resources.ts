/**
 * Keeps knowing what the server serves: asked at the start, and again every so often, so that resources that come and go
 * with their definitions are noticed.
 *
 * Invariants:
 * - A failure to ask changes nothing: what was known stays known.
 * - A version whose server does not answer (stale) keeps the resources that it had.
 */

import { resourceKeyOf, type ServedResource } from '../api/resource.ts';
import { computeBackoffMs } from '../base/backoff.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Client } from './client.ts';
import { type Discovered, discover, type KnownResource } from './discovery.ts';

export interface ServedResourcesOptions {
  readonly client: Pick<Client, 'raw'>;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Default 30 s. */
  readonly refreshMs?: number;
}

/** What came and went with one answer. */
export interface ResourcesChange {
  readonly added: readonly KnownResource[];
  readonly removed: readonly KnownResource[];
}

const backoff = { baseMs: 200, maxMs: 5_000, jitter: 0.5 };

export class ServedResources {
  readonly #client: Pick<Client, 'raw'>;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #refreshMs: number;
  readonly #listeners: ((change: ResourcesChange) => void)[] = [];
  #known: ReadonlyMap<string, KnownResource> = new Map();

  constructor({ client, logger, clock = systemClock, refreshMs = 30_000 }: ServedResourcesOptions) {
    this.#client = client;
    this.#logger = logger;
    this.#clock = clock;
    this.#refreshMs = refreshMs;
  }

  /** In the server's order. Empty until the first answer. */
  all(): readonly KnownResource[] {
    return [...this.#known.values()];
  }

  /** The resource of a kind, in the version that its group prefers: references stay valid when a version changes. */
  findByKind({ group, kind }: Pick<ServedResource, 'group' | 'kind'>): KnownResource | undefined {
    return this.all().find((resource) => resource.kind === kind && resource.group === group);
  }

  /** Called with what is there already, if anything, and with each change from then on. Must not throw. */
  onChange(listener: (change: ResourcesChange) => void): void {
    this.#listeners.push(listener);
    if (this.#known.size > 0) listener({ added: this.all(), removed: [] });
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        this.#take(await discover(this.#client));
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 3) this.#logger.warn('What the server serves cannot be asked; trying again', { error });
      }
      const waitMs = failures > 0 ? computeBackoffMs(failures, backoff) : this.#refreshMs;
      await this.#clock.sleep(waitMs, signal);
    }
  }

  #take({ resources, stale }: Discovered): void {
    const next = new Map(resources.map((resource) => [resourceKeyOf(resource), resource]));
    const added = resources.filter((resource) => !this.#known.has(resourceKeyOf(resource)));
    const removed = this.all().filter(
      (resource) => !next.has(resourceKeyOf(resource)) && !stale.includes(`${resource.group}/${resource.version}`),
    );
    const unasked = this.all().filter((resource) => !next.has(resourceKeyOf(resource)) && !removed.includes(resource));
    this.#known = new Map([...next, ...unasked.map((resource) => [resourceKeyOf(resource), resource] as const)]);
    if (added.length + removed.length === 0) return;
    for (const listener of this.#listeners) listener({ added, removed });
  }
}
