/**
 * The compiled schemas of definitions. They are large, and of hundreds of definitions few are in use: those used last are
 * kept, the others are compiled again when somebody needs them.
 */

import { StatusError } from '../../api/status-error.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import { embeddedRules } from '../../kinds/validation/embedded-rules.ts';
import { isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';
import { compileSchema, type StructuralSchema } from '../../machinery/structural/structural-schema.ts';
import type { Found } from '../registry/object-reader.ts';
import { RecentlyUsed } from './recently-used.ts';

type Definition = Found<CustomResourceDefinition>;

/** How many versions of how many definitions, together. */
const kept = 200;

export class DefinitionSchemas {
  readonly #find: (name: string) => Definition | undefined;
  readonly #schemas = new RecentlyUsed<StructuralSchema>(kept);

  /** `find`: the definition as it is now. */
  constructor(find: (name: string) => Definition | undefined) {
    this.#find = find;
  }

  /** As it is now. */
  definition(name: string): Definition | undefined {
    return this.#find(name);
  }

  /** Undefined: the definition has no such version. Throws NotFound when there is no definition any more. */
  find(name: string, version: string): StructuralSchema | undefined {
    const definition = this.#find(name);
    if (definition === undefined) throw definitionIsGone();
    const found = definition.spec.versions.find((one) => one.name === version);
    if (found === undefined) return undefined;
    const { uid, generation = 0 } = definition.metadata;
    return this.#schemas.getOrMake(`${uid} ${generation} ${version}`, () =>
      compileSchema(schemaOf(found), {
        definition: schemaName(definition.spec, version),
        gvk: [definition.spec.group, version, definition.spec.names.kind],
        embeddedRules,
        preserveUnknownFields: definition.spec.preserveUnknownFields ?? false,
      }),
    );
  }

  /** The same, where the version is known to be there. */
  get(name: string, version: string): StructuralSchema {
    const schema = this.find(name, version);
    if (schema === undefined) throw new Error(`${name} has no version ${version}`);
    return schema;
  }
}

function schemaOf({ schema }: Definition['spec']['versions'][number]): JsonSchema {
  const wire: unknown = schema?.openAPIV3Schema;
  return isSchema(wire) ? wire : {};
}

export const definitionIsGone = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

/** `dev.example.v1.Widget` */
export function schemaName({ group, names }: Definition['spec'], version: string): string {
  return [...group.split('.').reverse(), version, names.kind].join('.');
}
