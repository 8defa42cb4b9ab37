/** A machine whose shutdown a test begins and cancels. */

import { createDeferred, type Deferred } from '../../../base/deferred.ts';
import type { ShutdownHold, ShutdownSource } from '../shutdown-source.ts';

export class PlayedShutdowns implements ShutdownSource {
  longestMs = 5_000;
  /** What the next calls say in place of an answer. */
  trouble: Error | undefined;
  #isShuttingDown = false;
  readonly #holds = new Set<Deferred<void>>();
  readonly #followers = new Set<{ readonly tell: () => void; readonly fail: (error: Error) => void }>();

  /** How many wait for the shutdown to go on. */
  get holds(): number {
    return this.#holds.size;
  }

  get followers(): number {
    return this.#followers.size;
  }

  setShuttingDown(isShuttingDown: boolean): void {
    this.#isShuttingDown = isShuttingDown;
    for (const { tell } of this.#followers) tell();
  }

  /** Nothing is heard any more, and nothing held up. */
  breakDown(error: Error): void {
    this.trouble = error;
    for (const { fail } of this.#followers) fail(error);
    for (const hold of this.#holds) this.#end(hold);
  }

  async longestHoldMs(): Promise<number> {
    this.#check();
    return this.longestMs;
  }

  async extendHold(ms: number): Promise<void> {
    this.#check();
    this.longestMs = ms;
  }

  async hold(): Promise<ShutdownHold> {
    this.#check();
    if (this.#isShuttingDown) throw new Error('The operation inhibition has been requested for is already running');
    const over = createDeferred<void>();
    this.#holds.add(over);
    return { over: over.promise, release: async () => this.#end(over) };
  }

  async follow(onState: (isShuttingDown: boolean) => void, signal: AbortSignal): Promise<void> {
    this.#check();
    const over = createDeferred<void>();
    const follower = { tell: () => onState(this.#isShuttingDown), fail: over.reject };
    this.#followers.add(follower);
    signal.addEventListener('abort', () => over.resolve(), { once: true });
    if (signal.aborted) over.resolve();
    else follower.tell();
    await over.promise.finally(() => this.#followers.delete(follower));
  }

  #end(hold: Deferred<void>): void {
    this.#holds.delete(hold);
    hold.resolve();
  }

  #check(): void {
    if (this.trouble !== undefined) throw this.trouble;
  }
}
