/** Which webhooks are called a second time for one object: those that were called before somebody changed it. */

import type { KubernetesObject } from '../../../api/object.ts';
import type { AdmissionRounds } from '../../registry/admission.ts';

/** Of one object. Webhooks are named by their ids. */
export class Reinvocation {
  /** Called, and wanting to be called again; nothing has changed since. */
  #called = new Set<string>();
  readonly #wanted = new Set<string>();
  #last: string | undefined;

  /** The second round has come to the webhooks: others may have changed the object since the first. */
  begin(object: KubernetesObject | undefined): void {
    if (JSON.stringify(object) !== this.#last) this.objectChanged();
  }

  end(object: KubernetesObject | undefined): void {
    this.#last = JSON.stringify(object);
  }

  called(id: string): void {
    this.#called.add(id);
  }

  objectChanged(): void {
    for (const id of this.#called) this.#wanted.add(id);
    this.#called = new Set();
  }

  isWanted(id: string): boolean {
    return this.#wanted.has(id);
  }
}

/** Kept for as long as the object is on its way. */
export class Reinvocations {
  readonly #byRounds = new WeakMap<AdmissionRounds, Reinvocation>();

  of(rounds: AdmissionRounds): Reinvocation {
    const known = this.#byRounds.get(rounds) ?? new Reinvocation();
    this.#byRounds.set(rounds, known);
    return known;
  }
}
