/**
 * Brings the status of every CustomResourceDefinition up to date, and sees its objects off before it goes. Every API
 * server does this: who is second finds it done.
 *
 * Invariants:
 * - one definition is looked at at a time, by its name, as the cache shows it;
 * - whatever fails is tried again, later each time;
 * - names that become free are offered to the definitions that wait for them: any change of names is a reason to look
 *   at the whole group.
 */

import type { KubernetesObject, ObjectKey } from '../../api/object.ts';
import { customResourceDefinitions } from '../../api/resources/apiextensions.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionStatus } from '../../api/types/apiextensions/v1.ts';
import { computeBackoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { createDeferred } from '../../base/deferred.ts';
import type { Logger } from '../../base/logger.ts';
import type { ObjectFollower } from '../registry/followed-objects.ts';
import type { Found } from '../registry/object-reader.ts';
import type { Registries } from '../registry/registries.ts';
import { internalWrite } from '../registry/write-request.ts';
import { computeDefinitionStatus } from './definition-status.ts';
import { type InstanceDeletion, isToBeCleaned } from './instance-deletion.ts';
import type { IsOwnPlace } from './own-places.ts';

type Definition = Found<CustomResourceDefinition>;
type Status = DeepReadonly<CustomResourceDefinitionStatus>;

export interface DefinitionControllerParts {
  readonly registries: Registries;
  readonly deletion: InstanceDeletion;
  readonly isOwnPlace: IsOwnPlace;
  readonly clock: Clock;
  readonly logger: Logger;
}

const freshnessTimeoutMs = 5_000;
const backoff = { baseMs: 50, maxMs: 30_000 };

/** What of a definition others have to hear of. */
interface Known {
  readonly group: string;
  readonly names: string;
}

export class DefinitionController implements ObjectFollower<CustomResourceDefinition> {
  readonly #parts: DefinitionControllerParts;
  readonly #known = new Map<string, Known>();
  readonly #queue = new Set<string>();
  readonly #failures = new Map<string, number>();
  /** Of objects of definitions, under way. */
  readonly #deletions = new Map<string, Promise<void>>();
  #wake = createDeferred<void>();

  constructor(parts: DefinitionControllerParts) {
    this.#parts = parts;
  }

  reset(): void {
    this.#known.clear();
  }

  set({ metadata: { name }, spec: { group }, status }: Definition): void {
    const names = JSON.stringify(status?.acceptedNames ?? {});
    const before = this.#known.get(name);
    this.#known.set(name, { group, names });
    this.#enqueue(name);
    if (before !== undefined && before.names !== names) this.#enqueueGroup(group);
  }

  remove({ name }: ObjectKey): void {
    const before = this.#known.get(name);
    this.#known.delete(name);
    if (before !== undefined) this.#enqueueGroup(before.group);
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake.resolve(), { once: true });
    while (!signal.aborted) {
      const [name] = this.#queue;
      if (name === undefined) {
        await this.#wake.promise;
        this.#wake = createDeferred();
        continue;
      }
      this.#queue.delete(name);
      await this.#attempt(name, signal, () => this.#lookAfter(name, signal));
    }
    await Promise.all(this.#deletions.values());
  }

  async #lookAfter(name: string, signal: AbortSignal): Promise<void> {
    const definition = await this.#parts.registries.find(customResourceDefinitions, { name });
    if (definition === undefined || this.#deletions.has(name)) return;
    if (!isToBeCleaned(definition)) return await this.#updateStatus(definition);
    // Objects take their time to go: nobody else's definition waits for them.
    const deletion = this.#attempt(name, signal, () => this.#parts.deletion.run(definition, signal));
    this.#deletions.set(
      name,
      deletion.finally(() => this.#deletions.delete(name)),
    );
  }

  /** Never rejects: what fails is looked at again later. */
  async #attempt(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failures.delete(name);
    } catch (error) {
      if (signal.aborted || isNotFound(error)) return;
      const failures = (this.#failures.get(name) ?? 0) + 1;
      this.#failures.set(name, failures);
      if (!isConflict(error)) {
        this.#parts.logger.warn('A definition could not be looked after; trying again', { name, error });
      }
      void this.#parts.clock.sleep(computeBackoffMs(failures, backoff), signal).then(() => this.#enqueue(name));
    }
  }

  async #updateStatus(definition: Definition): Promise<void> {
    const { registries, clock, isOwnPlace } = this.#parts;
    const compute = async () => {
      const all = await registries.all(customResourceDefinitions);
      return computeDefinitionStatus(definition, { all, isOwnPlace, now: clock.now() });
    };
    if ((await compute()) === undefined) return;
    // What is taken by a name that was accepted a moment ago, here or by another API server, is not given again.
    await registries.of(customResourceDefinitions).cache.waitUntilConsistent(freshnessTimeoutMs);
    const status = await compute();
    if (status === undefined) return;
    const { name, uid, resourceVersion } = definition.metadata;
    const request = { ...internalWrite, subresource: 'status', expectedUid: uid };
    await registries
      .of(customResourceDefinitions)
      .update({ name }, request, (previous) => withStatus(previous, status, resourceVersion));
  }

  #enqueue(name: string): void {
    this.#queue.add(name);
    this.#wake.resolve();
  }

  #enqueueGroup(group: string): void {
    for (const [name, known] of this.#known) if (known.group === group) this.#enqueue(name);
  }
}

/** Refused as a conflict when the object is another by now. */
const withStatus = (
  previous: KubernetesObject | undefined,
  status: Status,
  resourceVersion: string,
): KubernetesObject => Object.assign({ ...previous }, { status, metadata: { ...previous?.metadata, resourceVersion } });
