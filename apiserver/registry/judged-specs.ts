/**
 * Specs of new objects that were found valid, by their JSON: what a controller makes a thousand times differs in name
 * alone, and is judged, warned of and brought into its stored form once.
 *
 * Invariants:
 * - a verdict is of nothing but what the key spells out, all of it: equal text, equal verdict;
 * - what was refused is never kept;
 * - neither many specs nor large ones take more than `recentSpecs` says, and the least recently used go first.
 */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import { RecentMap } from '../../base/recent-map.ts';
import type { Strategy } from '../../kinds/kind.ts';

/** Of those that are kept, for whatever. */
export const recentSpecs = { maxEntries: 256, maxKeyLength: 16_000 };

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
  readonly #verdicts = new RecentMap<SpecVerdict>(recentSpecs);

  constructor(judgedBy: NonNullable<Strategy<KubernetesObject>['judgedBy']>) {
    this.#judgedBy = judgedBy;
  }

  /** Undefined: the object has to be judged by itself. */
  lookUp(object: Stored): LookedUpSpec | undefined {
    const judged = this.#judgedBy(object);
    if (judged === undefined) return undefined;
    const text = JSON.stringify(judged.spec);
    const key = judged.beside === undefined ? text : `${JSON.stringify(judged.beside)}${text}`;
    return { key, text, verdict: this.#verdicts.get(key) };
  }

  keep({ key }: LookedUpSpec, verdict: SpecVerdict): void {
    this.#verdicts.set(key, verdict);
  }
}
