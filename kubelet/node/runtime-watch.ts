/**
 * Asks the runtime from time to time how it is, beside everything else: nobody who reports waits for it.
 *
 * - It does not answer, or only after some seconds: `slow`. It refuses, or says nothing for a minute: `down`.
 * - What runs goes on without an engine, so that the node stays ready for a minute; then it takes no pods any more.
 */

import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import type { ImageState, Runtime } from '../runtime/runtime.ts';

export interface RuntimeWatchOptions {
  readonly runtime: Pick<Runtime, 'version' | 'listImages' | 'supportsRecursiveReadOnly'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the trouble is another one, or lasts so long that the node is not ready. */
  readonly onChange: () => void;
}

export interface RuntimeTrouble {
  readonly type: 'slow' | 'down';
  /** The same as long as the trouble is. */
  readonly message: string;
}

export interface RuntimeFacts {
  /** Undefined: it has not answered yet. */
  readonly version: string | undefined;
  readonly images: readonly ImageState[];
  readonly recursiveReadOnly: boolean | undefined;
}

const askEveryMs = 10_000;
const retryMs = 1_000;
const answerLimitMs = 5_000;
/** How long a trouble lasts before the node is not ready. */
const patienceMs = 60_000;
/** Questions that are open at a time; one that got lost must not be the last. */
const mostOpen = 3;

export class RuntimeWatch {
  readonly #options: RuntimeWatchOptions;
  #facts: RuntimeFacts = { version: undefined, images: [], recursiveReadOnly: undefined };
  #trouble: RuntimeTrouble | undefined;
  /** Since when it is in trouble. Monotonic. */
  #troubleSince: number | undefined;
  #open = 0;
  /** Whether it was told that the trouble lasts. */
  #wasOverdue = false;

  constructor(options: RuntimeWatchOptions) {
    this.#options = options;
  }

  get facts(): RuntimeFacts {
    return this.#facts;
  }

  /** Undefined: it is well, or has not been asked yet. */
  get trouble(): RuntimeTrouble | undefined {
    return this.#trouble;
  }

  /** Whether it has answered since this kubelet was started. */
  get hasAnswered(): boolean {
    return this.#facts.version !== undefined;
  }

  /** Why pods cannot run here; undefined: they can, or will soon. */
  get whyNotReady(): string | undefined {
    if (this.#trouble === undefined || !this.#isOverdue()) return undefined;
    return `container runtime is down: ${this.#trouble.message}`;
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.#ask(signal);
      await clock.sleep(this.#trouble === undefined ? askEveryMs : retryMs, signal);
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const over = new AbortController();
    const end = () => over.abort();
    signal.addEventListener('abort', end, { once: true });
    if (this.#open < mostOpen) void this.#question(end);
    await clock.sleep(answerLimitMs, over.signal);
    signal.removeEventListener('abort', end);
    if (over.signal.aborted) return;
    const type = this.#isOverdue() ? 'down' : 'slow';
    this.#setTrouble({ type, message: `the container runtime did not answer within ${answerLimitMs / 1000} s` });
  }

  /** Takes what the runtime says, however late. */
  async #question(onAnswer: () => void): Promise<void> {
    const { runtime } = this.#options;
    this.#open += 1;
    try {
      const [version, images] = await Promise.all([runtime.version(), runtime.listImages()]);
      // It costs the engine much to say: asked once of each.
      const isKnown = version === this.#facts.version;
      const recursiveReadOnly = isKnown ? this.#facts.recursiveReadOnly : await runtime.supportsRecursiveReadOnly();
      this.#facts = { version, images, recursiveReadOnly };
      this.#setTrouble(undefined);
    } catch (error) {
      this.#setTrouble({ type: 'down', message: errorText(error) });
    } finally {
      this.#open -= 1;
      onAnswer();
    }
  }

  #isOverdue(): boolean {
    const since = this.#troubleSince;
    return since !== undefined && this.#options.clock.monotonic() - since >= patienceMs;
  }

  #setTrouble(trouble: RuntimeTrouble | undefined): void {
    this.#troubleSince = trouble && (this.#troubleSince ?? this.#options.clock.monotonic());
    const isOverdue = this.#isOverdue();
    const before = this.#trouble;
    const isSame = before?.type === trouble?.type && before?.message === trouble?.message;
    if (isSame && isOverdue === this.#wasOverdue) return;
    if (trouble !== undefined && before === undefined)
      this.#options.logger.warn('The container runtime is in trouble', { ...trouble });
    else if (trouble === undefined) this.#options.logger.info('The container runtime answers again');
    this.#trouble = trouble;
    this.#wasOverdue = isOverdue;
    this.#options.onChange();
  }
}
