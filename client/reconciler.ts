/** CONTRACT: the one shape of every control loop. A reconciler gets a key, never an event, and reads the world again. */

export interface Result {
  /** Look at this key again after so long, although nothing changed. */
  readonly requeueAfterMs?: number;
}

export interface Reconciler {
  /**
   * Brings the world one step nearer to what the object named by `key` (`namespace/name`) wants; the object may be
   * gone. Never called twice at once for one key. Idempotent. Throwing means: again, after a growing back-off; a
   * `TerminalError` means: not before something changes.
   */
  reconcile(key: string, signal: AbortSignal): Promise<Result>;
}

/**
 * What no retry will mend: the object itself has to change first (a schedule that cannot be read, a selector that does
 * not match its own template). The reconciler has told the object's owner, by an event or a condition.
 */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}
