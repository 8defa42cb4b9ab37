/** Where the keys of a JSON text stand, for those who report what is wrong with them in the order of the text. */

export interface RepeatedKey {
  readonly key: string;
  /** Where it stands again. */
  readonly offset: number;
}

export class JsonPlaces {
  readonly #offsets = new WeakMap<object, Map<string, number>>();
  readonly #repeated = new WeakMap<object, RepeatedKey[]>();
  #hasRepeated = false;

  /** Whether any object has. */
  get hasRepeated(): boolean {
    return this.#hasRepeated;
  }

  /** Called for each key of an object as it is read. */
  note(container: object, key: string, offset: number): void {
    const offsets = this.#offsets.get(container) ?? new Map<string, number>();
    this.#offsets.set(container, offsets);
    if (!offsets.has(key)) {
      offsets.set(key, offset);
      return;
    }
    this.#hasRepeated = true;
    const repeated = this.#repeated.get(container) ?? [];
    this.#repeated.set(container, repeated);
    repeated.push({ key, offset });
  }

  repeatedIn(container: object): readonly RepeatedKey[] {
    return this.#repeated.get(container) ?? [];
  }

  /** Where a key of an object first stands; the beginning of the text for objects that are not from it. */
  offsetOf(container: object, key: string): number {
    return this.#offsets.get(container)?.get(key) ?? 0;
  }
}
