/** Writes into the status of each policy what its expressions say of the kinds that it names, once for each generation. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { validatingAdmissionPolicies } from '../../../api/resources/admissionregistration.ts';
import { isConflict, isNotFound } from '../../../api/status-error.ts';
import type { ValidatingAdmissionPolicy } from '../../../api/types/admissionregistration/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import { createDeferred, type Deferred } from '../../../base/deferred.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Kinds } from '../../../kinds/kind-registry.ts';
import { FollowedObjects, type ObjectFollower } from '../../registry/followed-objects.ts';
import type { Found } from '../../registry/object-reader.ts';
import type { Registries } from '../../registry/registries.ts';
import { internalWrite } from '../../registry/write-request.ts';
import { checkTypes } from './type-check.ts';

export interface TypeCheckingParts {
  readonly kinds: Kinds;
  readonly registries: Registries;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Policy = ValidatingAdmissionPolicy;
const retryMs = 1_000;

/** Until `signal` aborts. Never rejects. */
export async function keepTypesChecked(parts: TypeCheckingParts, signal: AbortSignal): Promise<void> {
  const { registries, logger } = parts;
  const waiting = new UncheckedPolicies();
  const { cache } = registries.of(validatingAdmissionPolicies);
  const following = new FollowedObjects<Policy>(cache, waiting, { logger }).run(signal);
  signal.addEventListener('abort', () => waiting.wake(), { once: true });
  while (!signal.aborted) {
    const policy = waiting.take();
    if (policy === undefined) await waiting.changed();
    else await check(policy, waiting, parts, signal);
    await nextTurn();
  }
  await following;
}

async function check(
  policy: Found<Policy>,
  waiting: UncheckedPolicies,
  { kinds, registries, clock, logger }: TypeCheckingParts,
  signal: AbortSignal,
): Promise<void> {
  const { name, generation = 0 } = policy.metadata;
  try {
    const expressionWarnings = checkTypes(policy, kinds);
    const typeChecking = expressionWarnings.length > 0 ? { expressionWarnings } : {};
    await registries
      .of(validatingAdmissionPolicies)
      .update({ name }, { ...internalWrite, subresource: 'status' }, (previous) => {
        const now: Policy = { ...previous };
        // Of a later one its own check tells.
        if (now.metadata?.generation !== generation) return now;
        return { ...now, status: { ...now.status, observedGeneration: generation, typeChecking } };
      });
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return;
    logger.warn('could not check the types of a policy; trying again', { policy: name, error });
    waiting.set(policy);
    await clock.sleep(retryMs, signal);
  }
}

/** Policies whose generation nobody has checked, by name. */
class UncheckedPolicies implements ObjectFollower<Policy> {
  readonly #policies = new Map<string, Found<Policy>>();
  #changed: Deferred<void> = createDeferred();

  reset(): void {
    this.#policies.clear();
  }

  set(policy: Found<Policy>): void {
    const { name, generation } = policy.metadata;
    if (policy.status?.observedGeneration === generation) this.#policies.delete(name);
    else {
      this.#policies.set(name, policy);
      this.wake();
    }
  }

  remove({ name }: { readonly name: string }): void {
    this.#policies.delete(name);
  }

  take(): Found<Policy> | undefined {
    const [first] = this.#policies.values();
    if (first) this.#policies.delete(first.metadata.name);
    return first;
  }

  /** Resolves when there is one, or somebody wakes whoever waits. */
  changed(): Promise<void> {
    this.#changed = createDeferred();
    return this.#changed.promise;
  }

  wake(): void {
    this.#changed.resolve();
  }
}
