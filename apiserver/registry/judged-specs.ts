/**
 * Specs of new objects that were found valid, by their JSON: what a controller makes a thousand times differs in name
 * alone, and is judged, warned of and brought into its stored form once.
 *
 * Invariants:
 * - a verdict is of nothing but what the key spells out, all of it: equal text, equal verdict;
 * - what was refused is never kept;
 * - neither many specs nor large ones take more than `maxSpecs` × `maxTextLength`, and the least recently used go first.
 */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { Strategy } from '../../kinds/kind.ts';

const maxSpecs = 256;
/** Beyond it, V8 hashes strings by their length alone. */
const maxTextLength = 16_000;

export interface SpecVerdict {
  readonly warnings: readonly string[];
  /** The spec is in its stored form as it is. */
  readonly isEncoded: boolean;
}

/** A spec that was looked for. */
export interface LookedUpSpec {
  readonly key: string;
  /** The JSON of the spec. */
  readonly text: string;
  /** Undefined: there has been no equal one, or not lately. */
  readonly verdict: SpecVerdict | undefined;
}

export class JudgedSpecs {
  readonly #judgedBy: NonNullable<Strategy<KubernetesObject>['judgedBy']>;
  /** Those used last stand last. */
  readonly #verdicts = new Map<string, SpecVerdict>();

  constructor(judgedBy: NonNullable<Strategy<KubernetesObject>['judgedBy']>) {
    this.#judgedBy = judgedBy;
  }

  /** Undefined: the object has to be judged by itself. */
  lookUp(object: Stored): LookedUpSpec | undefined {
    const judged = this.#judgedBy(object);
    if (judged === undefined) return undefined;
    const text = JSON.stringify(judged.spec);
    const key = judged.beside === undefined ? text : `${JSON.stringify(judged.beside)}${text}`;
    if (key.length > maxTextLength) return undefined;
    const verdict = this.#verdicts.get(key);
    if (verdict !== undefined) this.#place(key, verdict);
    return { key, text, verdict };
  }

  keep({ key }: LookedUpSpec, verdict: SpecVerdict): void {
    this.#place(key, verdict);
    if (this.#verdicts.size <= maxSpecs) return;
    const [oldest] = this.#verdicts.keys();
    if (oldest !== undefined) this.#verdicts.delete(oldest);
  }

  #place(key: string, verdict: SpecVerdict): void {
    this.#verdicts.delete(key);
    this.#verdicts.set(key, verdict);
  }
}
