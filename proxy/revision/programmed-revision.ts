/**
 * Says on the Lease of the node which revision of the EndpointSlices its rules are of, so that pods that end are told so
 * only when no proxy leads to them any more (`api/pod-drain.ts`).
 *
 * It is written only when a slice showed an endpoint that ends: for such a slice somebody waits, for others nobody does.
 * All nodes hear of a slice at once, and all of them write: the more there are, the longer each waits, so that together
 * they write `writesPerSecond` at most.
 *
 * Invariants:
 * - What is written was programmed: never more than `programmed` was told.
 * - One write at a time; what is not written is tried again.
 * - It is written as the node, not as the proxy: every node may change its own Lease and no other.
 */

import { parseRevision, programmedRevisionAnnotation } from '../../api/pod-drain.ts';
import { leases } from '../../api/resources/coordination.ts';
import type { Lease } from '../../api/types/coordination/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import { computeBackoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Writer } from '../../client/client.ts';
import type { Cached } from '../../client/object-cache.ts';

export interface ProgrammedRevisionOptions {
  /** Puts it on the Lease. Throws when that fails; then it is called again after a growing wait. */
  readonly write: (revision: number) => Promise<void>;
  /** How many nodes there are, this one among them. */
  readonly nodeCount: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From 0 to 1; spreads the writes of the nodes. Default `Math.random`. */
  readonly random?: () => number;
}

/** `client`: as the node. Throws NotFound while its kubelet has not made the Lease. */
export async function writeRevision(client: Pick<Writer, 'patch'>, nodeName: string, revision: number): Promise<void> {
  const body = { metadata: { annotations: { [programmedRevisionAnnotation]: String(revision) } } };
  await client.patch<Lease>(leases, { namespace: leaseNamespace, name: nodeName }, { type: 'merge', body });
}

const leaseNamespace = 'kube-node-lease';
const writesPerSecond = 200;
const shortestMs = 50;
/** A pod waits 10 s by default: with more nodes than this allows for, there are more writes. */
const longestMs = 5_000;
/** Whoever has something to write wakes it. */
const longestSleepMs = 600_000;
const backoff = { baseMs: 200, maxMs: 5_000, jitter: 0.5 };

/** How long a node waits between two writes. */
export const computeIntervalMs = (nodes: number): number =>
  Math.min(longestMs, Math.max(shortestMs, (nodes * 1_000) / writesPerSecond));

export class ProgrammedRevision {
  readonly #options: ProgrammedRevisionOptions;
  /** Of the newest slice with an endpoint that ends. */
  #wanted = 0;
  #programmed: number | undefined;
  #published: number | undefined;
  #publishedAt = Number.NEGATIVE_INFINITY;
  #wake: () => void = () => {};

  constructor(options: ProgrammedRevisionOptions) {
    this.#options = options;
  }

  /** A slice was seen, new or changed. */
  seen({ metadata, endpoints }: Cached<EndpointSlice>): void {
    if (!(endpoints ?? []).some(({ conditions }) => conditions?.terminating)) return;
    this.#wanted = Math.max(this.#wanted, parseRevision(metadata.resourceVersion) ?? 0);
  }

  /** All slices up to this resource version are in force. */
  programmed(resourceVersion: string | undefined): void {
    const revision = parseRevision(resourceVersion);
    if (revision === undefined) return;
    // The store was put back to an older state: its revisions begin there again.
    if (this.#programmed !== undefined && revision < this.#programmed) {
      this.#published = undefined;
      this.#wanted = 0;
    }
    this.#programmed = revision;
    if (this.#due() !== undefined) this.#wake();
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, write } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      if (this.#due() === undefined) {
        await this.#untilDue(signal);
        continue;
      }
      await clock.sleep(this.#delayMs(), signal);
      const revision = this.#due();
      if (signal.aborted || revision === undefined) continue;
      try {
        this.#publishedAt = clock.monotonic();
        await write(revision);
        this.#published = revision;
        failures = 0;
      } catch (error) {
        failures += 1;
        // At first the node may have no Lease yet.
        const level = failures === 5 ? 'warn' : 'debug';
        logger[level]('The Lease cannot tell what is programmed; trying again', { error });
        await clock.sleep(computeBackoffMs(failures, backoff), signal);
      }
    }
  }

  /** What is to be written; undefined: nothing. */
  #due(): number | undefined {
    if (this.#programmed === undefined) return undefined;
    if (this.#published === undefined) return this.#programmed;
    return this.#wanted > this.#published && this.#programmed > this.#published ? this.#programmed : undefined;
  }

  #delayMs(): number {
    const { clock, nodeCount, random = Math.random } = this.#options;
    const intervalMs = computeIntervalMs(nodeCount());
    return Math.max(random() * intervalMs, this.#publishedAt + intervalMs - clock.monotonic());
  }

  async #untilDue(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await this.#options.clock.sleep(longestSleepMs, AbortSignal.any([signal, woken.signal]));
  }
}
