/**
 * What the proxies of all nodes have programmed, as their Leases say, and who of them is behind.
 *
 * Who is not waited for: a node that never said anything (its proxy is another program), one whose Lease was not renewed
 * for `silentMs` on our own clock, and one that was given up, until it says something again.
 */

import { parseRevision, programmedRevisionAnnotation } from '../../api/pod-drain.ts';
import type { Lease } from '../../api/types/coordination/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { Heartbeats } from '../nodes/heartbeats.ts';

/** Two renewals of a Lease. */
const silentMs = 20_000;

export interface Listening {
  readonly now: number;
  /** Since when Leases are heard without a break; undefined: they are not. Both monotonic. */
  readonly since: number | undefined;
}

export class ProxyRevisions {
  readonly #heartbeats = new Heartbeats();
  readonly #programmed = new Map<string, number>();
  readonly #givenUp = new Set<string>();

  /** True: what the proxy of the node has programmed is another revision now. */
  note({ metadata, spec }: Cached<Lease>, monotonicNow: number): boolean {
    const { name, annotations } = metadata;
    const revision = parseRevision(annotations?.[programmedRevisionAnnotation]);
    this.#heartbeats.note(name, `${spec?.renewTime} ${revision}`, monotonicNow);
    if (revision === undefined || revision === this.#programmed.get(name)) return false;
    this.#programmed.set(name, revision);
    this.#givenUp.delete(name);
    return true;
  }

  forget(node: string): void {
    this.#heartbeats.forget(node);
    this.#programmed.delete(node);
    this.#givenUp.delete(node);
  }

  /** Names of the nodes that have not programmed this revision and are waited for, sorted. */
  behind(revision: number, { now, since }: Listening): string[] {
    const names: string[] = [];
    for (const [node, programmed] of this.#programmed) {
      if (programmed >= revision || this.#givenUp.has(node)) continue;
      const silentForMs = since === undefined ? 0 : this.#heartbeats.silentForMs(node, since, now);
      if (silentForMs < silentMs) names.push(node);
    }
    return names.sort();
  }

  /** They were waited for in vain: nobody waits for them before they say something again. */
  giveUp(nodes: readonly string[]): void {
    for (const node of nodes) this.#givenUp.add(node);
  }

  /** All that are waited for have programmed at least this; Infinity: nobody is. */
  lowest(listening: Listening): number {
    const behind = this.behind(Number.POSITIVE_INFINITY, listening);
    return Math.min(...behind.map((node) => this.#programmed.get(node) ?? 0));
  }
}
