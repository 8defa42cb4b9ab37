/** An object whose fields are computed when an expression asks for them, each once: the variables of a policy. */

import { MapValue, type Value } from './value.ts';

export function lazyObject(name: string, fields: Readonly<Record<string, () => Value>>): MapValue {
  return new LazyObject(name, fields);
}

class LazyObject extends MapValue {
  readonly #name: string;
  readonly #fields: Readonly<Record<string, () => Value>>;
  readonly #known = new Map<string, Value>();

  constructor(name: string, fields: Readonly<Record<string, () => Value>>) {
    super();
    this.#name = name;
    this.#fields = fields;
  }

  override get objectName(): string {
    return this.#name;
  }

  get size(): number {
    return Object.keys(this.#fields).length;
  }

  /** What a field costs is paid by the expression that asks first; one that fails is computed again. */
  get(key: Value): Value | undefined {
    if (typeof key !== 'string' || !this.has(key)) return undefined;
    let value = this.#known.get(key);
    if (value === undefined) {
      value = this.#fields[key]?.() ?? null;
      this.#known.set(key, value);
    }
    return value;
  }

  override has(key: Value): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#fields, key);
  }

  keys(): Iterable<Value> {
    return Object.keys(this.#fields);
  }
}
