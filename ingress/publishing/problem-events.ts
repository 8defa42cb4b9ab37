/** Tells owners of Ingresses what is wrong with them: an event for each problem when it comes, and no more while it lasts. */

import type { Ingress } from '../../api/types/networking/v1.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { Problem } from '../problem.ts';

export class ProblemEvents {
  readonly #recorder: Recorder;
  #told = new Set<string>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** All that there are now. */
  update(
    problems: ReadonlyMap<string, readonly Problem[]>,
    ingressOf: (key: string) => Cached<Ingress> | undefined,
  ): void {
    const told = new Set<string>();
    for (const [key, some] of problems) {
      const ingress = ingressOf(key);
      if (ingress === undefined) continue;
      for (const { reason, message } of some) {
        const id = `${ingress.metadata.uid} ${reason} ${message}`;
        if (!this.#told.has(id)) this.#recorder.record(ingress, { type: 'Warning', reason, message });
        told.add(id);
      }
    }
    this.#told = told;
  }
}
