/**
 * When each node was last heard of, on the observer's own monotonic clock: what a heartbeat *says* about the time is
 * not believed, only that it changed.
 *
 * While the observer itself could not hear (its watch was down), silence means nothing: it counts from when it could
 * hear again.
 */

interface Heard {
  /** What the last heartbeat looked like. */
  readonly sign: string;
  readonly at: number;
}

export class Heartbeats {
  readonly #heard = new Map<string, Heard>();

  /** `sign` differs from heartbeat to heartbeat. A node that is seen for the first time is heard now. */
  note(node: string, sign: string, monotonicNow: number): void {
    if (this.#heard.get(node)?.sign !== sign) this.#heard.set(node, { sign, at: monotonicNow });
  }

  forget(node: string): void {
    this.#heard.delete(node);
  }

  /** How long the node has been silent, as far as somebody who listens since `listeningSince` can know. */
  silentForMs(node: string, listeningSince: number, monotonicNow: number): number {
    const heardAt = this.#heard.get(node)?.at ?? monotonicNow;
    return monotonicNow - Math.max(heardAt, listeningSince);
  }
}
