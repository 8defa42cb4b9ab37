/** Who knows that the machine is going to shut down, and waits for others before it does. */

export interface ShutdownSource {
  /**
   * The longest time in milliseconds that a shutdown waits for those who hold it. Throws where there is nobody to ask.
   */
  longestHoldMs(): Promise<number>;
  /** Asks that it be at least so long, for good; it may take a moment. Throws where that cannot be set. Idempotent. */
  extendHold(ms: number): Promise<void>;
  /** From now on a shutdown waits until the hold is released, but no longer than `longestHoldMs`. Each call is one more. */
  hold(): Promise<ShutdownHold>;
  /**
   * Tells whether the machine is shutting down: first how it is, then at every change, and sometimes the same again.
   * Resolves when `signal` aborts; throws when nothing can be heard, or no longer.
   */
  follow(onState: (isShuttingDown: boolean) => void, signal: AbortSignal): Promise<void>;
}

export interface ShutdownHold {
  /** Resolves when it holds no more, released or not. Never rejects. */
  readonly over: Promise<void>;
  /** Idempotent. Resolves when it holds no more. */
  release(): Promise<void>;
}
