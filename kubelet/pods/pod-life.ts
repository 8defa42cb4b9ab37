/** Where one pod is on its way, and who is told when its life, or all of it, is over. */

import { advance, causeOf, objectFateOf, type PodFacts, type PodState } from './pod-state.ts';

export class PodLife {
  readonly #syncing = new AbortController();
  readonly #over = new AbortController();
  readonly #stored = new AbortController();
  #state: PodState = { phase: 'syncing' };

  get state(): PodState {
    return this.#state;
  }

  get isEnding(): boolean {
    return this.#state.phase !== 'syncing';
  }

  /** It ends because its deletion was asked for; the object is still there. */
  get isDeleted(): boolean {
    return causeOf(this.#state)?.type === 'deleted' && objectFateOf(this.#state) === 'present';
  }

  /** Nothing of the pod runs any more, and nothing will. */
  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Aborts what serves only a pod that is syncing. */
  get syncing(): AbortSignal {
    return this.#syncing.signal;
  }

  advance(facts: PodFacts): void {
    this.#state = advance(this.#state, facts);
    if (this.isEnding) this.#syncing.abort();
    if (this.#state.phase === 'terminated' || this.#state.phase === 'removed') this.#over.abort();
    if (this.#state.phase === 'removed') this.#stored.abort();
  }

  /** How it ended is in the API. */
  noteStored(): void {
    this.#stored.abort();
  }

  /** Nobody works on the pod from here on: what serves its life is given up, and nothing of it is ended. */
  interrupt(): void {
    this.#syncing.abort();
  }

  /** Resolves when it is over, or `signal` aborts. */
  async untilOver(signal: AbortSignal): Promise<void> {
    await firstOf(signal, this.#over.signal);
  }

  /** Resolves when it is over and the API has how it ended, or never will; or when `signal` aborts. */
  async untilStored(signal: AbortSignal): Promise<void> {
    await firstOf(signal, this.#stored.signal);
  }
}

async function firstOf(...signals: readonly AbortSignal[]): Promise<void> {
  const any = AbortSignal.any([...signals]);
  if (!any.aborted) await new Promise((resolve) => any.addEventListener('abort', resolve, { once: true }));
}
