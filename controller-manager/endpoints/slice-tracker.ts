/**
 * Remembers the slices that were just written, until the cache shows them: a loop that acted on a cache without them
 * would write them twice. What does not show up within half a minute is forgotten.
 */

import type { Stored } from '../../api/object.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Cached } from '../../client/object-cache.ts';

const patienceMs = 30_000;

interface Written {
  readonly uid: string;
  /** Undefined: it was deleted. */
  readonly generation: number | undefined;
  readonly at: number;
}

export class SliceTracker {
  readonly #clock: Clock;
  /** Service key → slice name → what was written last. */
  readonly #written = new Map<string, Map<string, Written>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wrote(serviceKey: string, { metadata }: Stored<EndpointSlice>): void {
    this.#note(serviceKey, metadata.name, metadata.uid, metadata.generation ?? 0);
  }

  deleted(serviceKey: string, { metadata }: Cached<EndpointSlice>): void {
    this.#note(serviceKey, metadata.name, metadata.uid, undefined);
  }

  /** The cache heard that the slice is gone. */
  observedDeletion(serviceKey: string, sliceName: string): void {
    this.#written.get(serviceKey)?.delete(sliceName);
  }

  forget(serviceKey: string): void {
    this.#written.delete(serviceKey);
  }

  /** Milliseconds until `cached` need no longer be waited for; 0: it shows all that was written. */
  staleForMs(serviceKey: string, cached: readonly Cached<EndpointSlice>[]): number {
    const written = this.#written.get(serviceKey);
    if (written === undefined) return 0;
    const byName = new Map(cached.map((slice) => [slice.metadata.name, slice.metadata]));
    let waitMs = 0;
    for (const [name, { uid, generation, at }] of written) {
      const shown = byName.get(name);
      const isShown =
        generation === undefined ? shown?.uid !== uid : shown !== undefined && (shown.generation ?? 0) >= generation;
      const leftMs = at + patienceMs - this.#clock.monotonic();
      if (isShown || leftMs <= 0) written.delete(name);
      else waitMs = Math.max(waitMs, leftMs);
    }
    if (written.size === 0) this.#written.delete(serviceKey);
    return waitMs;
  }

  #note(serviceKey: string, name: string, uid: string, generation: number | undefined): void {
    const written = this.#written.get(serviceKey) ?? new Map<string, Written>();
    written.set(name, { uid, generation, at: this.#clock.monotonic() });
    this.#written.set(serviceKey, written);
  }
}
