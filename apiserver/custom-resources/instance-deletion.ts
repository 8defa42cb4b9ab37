/**
 * Before a CustomResourceDefinition goes, its objects do: all are deleted as anybody would, admission and their own
 * finalizers included, and only when none is left the definition loses the finalizer that holds it. They are deleted as
 * they lie in the store, whether their version is served or not: no webhook that converts them is asked.
 */

import { customResourceCleanup } from '../../api/finalizers.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { customResourceDefinitions } from '../../api/resources/apiextensions.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Found } from '../registry/object-reader.ts';
import type { Registries, StoredObjects } from '../registry/registries.ts';
import { internalWrite } from '../registry/write-request.ts';
import { customKind } from './custom-kind.ts';
import { type DefinitionCondition, isTrue, withCondition } from './definition-conditions.ts';
import { DefinitionSchemas } from './definition-schemas.ts';
import type { IsOwnPlace } from './own-places.ts';

type Definition = Found<CustomResourceDefinition>;

export interface InstanceDeletionParts {
  readonly registries: Registries;
  readonly isOwnPlace: IsOwnPlace;
  readonly clock: Clock;
}

/** What is left is looked at again so soon, and so often, before it is told that it is still there. */
const checkEveryMs = 100;
const checkForMs = 60_000;
/** Deletions that are on their way at once. */
const parallel = 8;

export const isToBeCleaned = ({ metadata }: Definition): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(customResourceCleanup) === true;

export class InstanceDeletion {
  readonly #parts: InstanceDeletionParts;

  constructor(parts: InstanceDeletionParts) {
    this.#parts = parts;
  }

  /** Throws when something is still there, or cannot be deleted: to be done again. */
  async run(definition: Definition, signal: AbortSignal): Promise<void> {
    const { group, names } = definition.spec;
    if (!isTrue(definition, 'Established') || this.#parts.isOwnPlace({ group, plural: names.plural })) {
      return await this.#release(definition, said('False', 'NeverEstablished', 'resource was never established'));
    }
    await this.#tell(definition, said('True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress'));
    await this.#deleteAll(definition, this.#parts.registries.stored(kindOf(definition)), signal);
    if (signal.aborted) return;
    await this.#release(definition, said('False', 'InstanceDeletionCompleted', 'removed all instances'));
  }

  async #deleteAll(definition: Definition, stored: StoredObjects, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    await this.#attempt(definition, 'could not issue all deletes', () => deleteEach(stored, signal));
    const deadline = clock.monotonic() + checkForMs;
    for (;;) {
      const isEmpty = await this.#attempt(definition, 'could not list instances', () => stored.isEmpty());
      if (isEmpty || signal.aborted) return;
      if (clock.monotonic() > deadline) {
        const why = `could not confirm zero CustomResources remaining: timed out waiting for the condition`;
        await this.#tell(definition, said('True', 'InstanceDeletionCheck', why));
        throw new Error(why);
      }
      await clock.sleep(checkEveryMs, signal);
    }
  }

  /** A failure is told in the condition before it is thrown. */
  async #attempt<T>(definition: Definition, what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#tell(definition, said('True', 'InstanceDeletionFailed', `${what}: ${errorText(error)}`));
      throw error;
    }
  }

  async #tell(definition: Definition, condition: DefinitionCondition): Promise<void> {
    await this.#update(definition, condition, (metadata) => metadata);
  }

  async #release(definition: Definition, condition: DefinitionCondition): Promise<void> {
    await this.#update(definition, condition, ({ finalizers = [], ...metadata }) => ({
      ...metadata,
      finalizers: finalizers.filter((finalizer) => finalizer !== customResourceCleanup),
    }));
  }

  async #update(
    { metadata: { name, uid } }: Definition,
    condition: DefinitionCondition,
    change: (metadata: Metadata) => Metadata,
  ): Promise<void> {
    const now = this.#parts.clock.now();
    try {
      await this.#parts.registries
        .of(customResourceDefinitions)
        .update({ name }, { ...internalWrite, skipStrategy: true, expectedUid: uid }, (previous) =>
          withParts(previous, condition, now, change),
        );
    } catch (error) {
      // Another API server was first.
      if (!isNotFound(error)) throw error;
    }
  }
}

type Metadata = NonNullable<KubernetesObject['metadata']>;

function withParts(
  previous: KubernetesObject | undefined,
  condition: DefinitionCondition,
  now: number,
  change: (metadata: Metadata) => Metadata,
): KubernetesObject {
  const { status, metadata = {}, ...rest }: Partial<CustomResourceDefinition> = { ...previous };
  const conditions = withCondition(status?.conditions ?? [], condition, now);
  return Object.assign(rest, { metadata: change(metadata), status: { ...status, conditions } });
}

const said = (status: 'True' | 'False', reason: string, message: string): DefinitionCondition => ({
  ...{ type: 'Terminating', status, reason, message },
});

async function deleteEach(stored: StoredObjects, signal: AbortSignal): Promise<void> {
  const keys = stored.keys();
  const work = async () => {
    for await (const key of keys) {
      if (signal.aborted) return;
      try {
        await stored.delete(key, { dryRun: false }, internalWrite);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

/** As its objects are stored, whichever version each is in. */
function kindOf(definition: Definition): Kind {
  const { versions } = definition.spec;
  const stored = versions.find(({ storage }) => storage) ?? versions[0];
  if (stored === undefined) throw new Error(`${definition.metadata.name} has no versions`);
  const schemas = new DefinitionSchemas(() => definition);
  return customKind(definition, stored, {
    schema: () => schemas.get(definition.metadata.name, stored.name),
    definition: () => definition,
  });
}
