/**
 * The kinds that CustomResourceDefinitions make: in the registry of kinds from when their names are accepted until the
 * definition goes. It follows the cache of definitions, so that every API server serves what any of them was told.
 *
 *   names accepted ─► a kind for each served version ─ spec or names change ─► all of them anew (watches end)
 *                                                    └ deletion asked for ──► the same, shown as terminating
 */

import type { ObjectKey } from '../../api/object.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import type { Logger } from '../../base/logger.ts';
import type { Kind, StoredConversion } from '../../kinds/kind.ts';
import type { KindRegistry } from '../../kinds/kind-registry.ts';
import type { ObjectFollower } from '../registry/followed-objects.ts';
import type { Found } from '../registry/object-reader.ts';
import { customKind } from './custom-kind.ts';
import { isTrue } from './definition-conditions.ts';
import type { DefinitionSchemas } from './definition-schemas.ts';
import type { ObjectConverter } from './object-converter.ts';
import type { IsOwnPlace } from './own-places.ts';
import { storedObjects } from './stored-objects.ts';

type Definition = Found<CustomResourceDefinition>;
type Version = Definition['spec']['versions'][number];

export interface CustomKindsParts {
  readonly kinds: KindRegistry;
  readonly schemas: DefinitionSchemas;
  readonly isOwnPlace: IsOwnPlace;
  converterOf(definition: Definition): ObjectConverter;
  readonly logger: Logger;
}

interface Served {
  /** What the kinds were made of. */
  readonly making: string;
  readonly isTerminating: boolean;
  readonly kinds: readonly Kind[];
}

export class CustomKinds implements ObjectFollower<CustomResourceDefinition> {
  readonly #parts: CustomKindsParts;
  readonly #served = new Map<string, Served>();
  /** Since `reset`: whose definitions have not been told again. */
  #untold = new Set<string>();

  constructor(parts: CustomKindsParts) {
    this.#parts = parts;
  }

  /** All that there is follows in the same turn: what is not told again by then is gone. */
  reset(): void {
    const untold = new Set(this.#served.keys());
    this.#untold = untold;
    queueMicrotask(() => {
      for (const name of untold) this.remove({ name });
    });
  }

  set(definition: Definition): void {
    const { name } = definition.metadata;
    this.#untold.delete(name);
    const before = this.#served.get(name);
    if (!isServed(definition) || this.#parts.isOwnPlace({ ...definition.spec, ...definition.spec.names })) {
      this.remove({ name });
      return;
    }
    const making = makingOf(definition);
    const isTerminating = isTrue(definition, 'Terminating');
    if (before?.making === making && before.isTerminating === isTerminating) return;
    const kinds =
      before?.making === making ? this.#replace(definition, before.kinds) : this.#serveAnew(definition, before?.kinds);
    this.#served.set(name, { making, isTerminating, kinds });
  }

  remove({ name }: ObjectKey): void {
    for (const kind of this.#served.get(name)?.kinds ?? []) this.#parts.kinds.remove(kind);
    this.#served.delete(name);
  }

  #serveAnew(definition: Definition, before: readonly Kind[] = []): readonly Kind[] {
    const { kinds, converterOf, schemas } = this.#parts;
    for (const kind of before) kinds.remove(kind);
    const { spec, metadata } = definition;
    const storageVersion = spec.versions.find(({ storage }) => storage)?.name ?? '';
    const converter = converterOf(definition);
    const schemaOf = (version: string) => schemas.find(metadata.name, version);
    return spec.versions
      .filter(({ served }) => served)
      .map((version) => {
        const parts = { group: spec.group, version: version.name, storageVersion, converter, schemaOf };
        return this.#kindOf(definition, version, storedObjects(parts));
      })
      .filter((kind) => this.#add(kind));
  }

  /** What is stored and how it is read stays as it is. */
  #replace(definition: Definition, before: readonly Kind[]): readonly Kind[] {
    return before.map((previous) => {
      const version = definition.spec.versions.find(({ name }) => name === previous.version);
      if (version === undefined || previous.conversion === undefined) return previous;
      const kind = this.#kindOf(definition, version, previous.conversion);
      this.#parts.kinds.replace(previous, kind);
      return kind;
    });
  }

  #kindOf(definition: Definition, version: Version, conversion: StoredConversion): Kind {
    const { name } = definition.metadata;
    const { schemas } = this.#parts;
    return customKind(definition, version, {
      conversion,
      schema: () => schemas.get(name, version.name),
      definition: () => schemas.definition(name),
    });
  }

  /** A kind of the server's own stays where it is. */
  #add(kind: Kind): boolean {
    try {
      this.#parts.kinds.add(kind);
      return true;
    } catch (error) {
      this.#parts.logger.warn('A custom resource has the place of a kind that is built in, and is not served', {
        error,
      });
      return false;
    }
  }
}

const isServed = (definition: Definition): boolean =>
  isTrue(definition, 'Established') || isTrue(definition, 'NamesAccepted');

/** Changes whenever kinds have to be made anew. */
function makingOf({ metadata, status }: Definition): string {
  return JSON.stringify([metadata.uid, metadata.generation, status?.acceptedNames]);
}
