/**
 * The objects of one request as webhooks are shown them: made once for all webhooks that see the same version, however
 * many those are.
 */

import type { JsonRecord } from '../../../api/json-record.ts';
import { Turns } from '../../../base/turns.ts';
import type { Kind } from '../../../kinds/kind.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import { type Match, shownObject, shownPrevious } from '../matching/admitted-object.ts';

/** Nobody changes it. */
export interface Shown {
  readonly value: JsonRecord | undefined;
  /** Its JSON. */
  readonly text: string;
}

type ByVersion = Map<Kind | undefined, Promise<Shown>>;

export class ShownObjects {
  readonly #request: AdmissionRequest;
  readonly #isBeforeStored: boolean;
  readonly #objects: ByVersion = new Map();
  readonly #previous: ByVersion = new Map();

  /** `isBeforeStored`: as the client has sent it. */
  constructor(request: AdmissionRequest, isBeforeStored: boolean) {
    this.#request = request;
    this.#isBeforeStored = isBeforeStored;
  }

  /** As it will be. */
  object(match: Match): Promise<Shown> {
    return once(this.#objects, match, () => shownObject(this.#request, match, this.#isBeforeStored));
  }

  /** As it is. */
  previous(match: Match): Promise<Shown> {
    return once(this.#previous, match, () => shownPrevious(this.#request, match));
  }

  /** It is another one from now on. */
  objectChanged(): void {
    this.#objects.clear();
  }
}

/** Two webhooks that see one version see one object. */
function once(shown: ByVersion, { version }: Match, show: () => Promise<JsonRecord | undefined>): Promise<Shown> {
  let one = shown.get(version);
  if (one === undefined) {
    one = shownInTurns(show);
    shown.set(version, one);
  }
  return one;
}

/** What is large takes its time. */
async function shownInTurns(show: () => Promise<JsonRecord | undefined>): Promise<Shown> {
  const turns = new Turns();
  const value = await show();
  await turns.pause();
  const text = value === undefined ? 'null' : JSON.stringify(value);
  await turns.pause();
  return { value, text };
}
