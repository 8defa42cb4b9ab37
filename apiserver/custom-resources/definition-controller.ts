/**
 * Brings the status of every CustomResourceDefinition up to date, and sees its objects off before it goes. Every API
 * server does this: who is second finds it done.
 *
 * Invariants:
 * - all that wait are looked at together, in the order in which they came, as the cache shows them: what one is given
 *   nobody after it gets, and none waits until the others are written;
 * - the next are looked at when the writes of those before them are over;
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
import { Limiter } from '../../base/limiter.ts';
import type { Logger } from '../../base/logger.ts';
import type { ObjectFollower } from '../registry/followed-objects.ts';
import type { Found } from '../registry/object-reader.ts';
import type { Registries } from '../registry/registries.ts';
import { internalWrite } from '../registry/write-request.ts';
import { computeDefinitionStatuses } from './definition-status.ts';
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
/** Writes that are on their way at once. */
const parallel = 8;

interface Change {
  readonly definition: Definition;
  readonly status: Status;
}

interface Definitions {
  readonly all: readonly Definition[];
  /** Those that are looked at. */
  readonly wanted: readonly Definition[];
}

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
      if (this.#queue.size === 0) {
        await this.#wake.promise;
        this.#wake = createDeferred();
        continue;
      }
      const names = [...this.#queue];
      this.#queue.clear();
      try {
        await this.#lookAfter(names, signal);
      } catch (error) {
        if (!signal.aborted) for (const name of names) this.#tryAgain(name, error, signal);
      }
    }
    await Promise.all(this.#deletions.values());
  }

  /** Rejects when none of them could be looked at. */
  async #lookAfter(names: readonly string[], signal: AbortSignal): Promise<void> {
    const found = await this.#find(names);
    for (const definition of found.wanted) if (isToBeCleaned(definition)) this.#seeOff(definition, signal);
    if (this.#changesOf(found).length === 0) return;
    // What is taken by a name that was accepted a moment ago, here or by another API server, is not given again.
    await this.#parts.registries.of(customResourceDefinitions).cache.waitUntilConsistent(freshnessTimeoutMs);
    const changes = this.#changesOf(await this.#find(names));
    const writes = new Limiter(parallel);
    const write = ({ definition, status }: Change) =>
      this.#attempt(definition.metadata.name, signal, () => writes.run(() => this.#writeStatus(definition, status)));
    await Promise.all(changes.map(write));
  }

  /** Those of the names that are there, in their order; not those whose objects are on their way out. */
  async #find(names: readonly string[]): Promise<Definitions> {
    const all = await this.#parts.registries.all(customResourceDefinitions);
    const byName = new Map(all.map((one) => [one.metadata.name, one]));
    const wanted = names.filter((name) => !this.#deletions.has(name)).flatMap((name) => byName.get(name) ?? []);
    return { all, wanted };
  }

  /** Of those that stay. Who needs none has done well. */
  #changesOf({ all, wanted }: Definitions): readonly Change[] {
    const { isOwnPlace, clock } = this.#parts;
    const staying = wanted.filter((one) => !isToBeCleaned(one));
    const changes = computeDefinitionStatuses(staying, { all, isOwnPlace, now: clock.now() });
    const changing = new Set(changes.map(({ definition }) => definition));
    for (const one of staying) if (!changing.has(one)) this.#failures.delete(one.metadata.name);
    return changes;
  }

  /** Objects take their time to go: nobody else's definition waits for them. */
  #seeOff(definition: Definition, signal: AbortSignal): void {
    const { name } = definition.metadata;
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
      this.#tryAgain(name, error, signal);
    }
  }

  #tryAgain(name: string, error: unknown, signal: AbortSignal): void {
    const { logger, clock } = this.#parts;
    const failures = (this.#failures.get(name) ?? 0) + 1;
    this.#failures.set(name, failures);
    if (!isConflict(error)) logger.warn('A definition could not be looked after; trying again', { name, error });
    void clock.sleep(computeBackoffMs(failures, backoff), signal).then(() => this.#enqueue(name));
  }

  async #writeStatus(definition: Definition, status: Status): Promise<void> {
    const { name, uid, resourceVersion } = definition.metadata;
    const request = { ...internalWrite, subresource: 'status', expectedUid: uid };
    await this.#parts.registries
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
