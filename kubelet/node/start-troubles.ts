/** Why pods cannot run yet while a kubelet starts. Its steps go on side by side: the trouble that came first is told. */

const starting = 'the kubelet is starting';

export class StartTroubles {
  readonly #onChange: () => void;
  /** By step, in the order in which they were met. */
  readonly #met = new Map<string, string>();
  #isOver = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Undefined: pods can run, as far as the start goes. */
  get reason(): string | undefined {
    if (this.#isOver) return undefined;
    const [first = starting] = this.#met.values();
    return first;
  }

  /** Whether nothing is in its way. */
  get isStarting(): boolean {
    return !this.#isOver && this.#met.size === 0;
  }

  /** `trouble` undefined: the step has none, or none any more. */
  note(step: string, trouble: string | undefined): void {
    if (this.#met.get(step) === trouble) return;
    if (trouble === undefined) this.#met.delete(step);
    else this.#met.set(step, trouble);
    this.#onChange();
  }

  /** Every step is done. */
  end(): void {
    this.#isOver = true;
    this.#onChange();
  }
}
