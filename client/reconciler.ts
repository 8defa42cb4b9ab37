/** CONTRACT: the one shape of every control loop. A reconciler gets a key, never an event, and reads the world again. */

export interface Result {
  /** Look at this key again after so long, although nothing changed. */
  readonly requeueAfterMs?: number;
}

export interface Reconciler {
  /**
   * Brings the world one step nearer to what the object named by `key` (`namespace/name`) wants; the object may be
   * gone. Never called twice at once for one key. Idempotent. Throwing means: again, after a growing back-off.
   */
  reconcile(key: string, signal: AbortSignal): Promise<Result>;
}
