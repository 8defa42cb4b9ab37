/** Kinds of definitions for a thread that has no registry of them: made of what a kind says it is made of, and kept. */

import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Found } from '../registry/object-reader.ts';
import { customKind } from './custom-kind.ts';
import { DefinitionSchemas } from './definition-schemas.ts';
import { RecentlyUsed } from './recently-used.ts';

/** A definition as it crosses threads. */
export interface DefinitionText {
  readonly id: string;
  readonly json: string;
}

const kept = 50;

/** Its kinds convert nothing: their objects are never stored. */
export function kindsFromDefinitions(): (text: DefinitionText, version: string) => Kind | undefined {
  const known = new RecentlyUsed<readonly Kind[]>(kept);
  return ({ id, json }, version) => known.getOrMake(id, () => kindsOf(json)).find((kind) => kind.version === version);
}

function kindsOf(json: string): readonly Kind[] {
  // Another thread of this server has written it, of a definition that it serves.
  const definition = JSON.parse(json) as Found<CustomResourceDefinition>;
  const schemas = new DefinitionSchemas(() => definition);
  return definition.spec.versions
    .filter(({ served }) => served)
    .map((version) =>
      customKind(definition, version, {
        schema: () => schemas.get(definition.metadata.name, version.name),
        definition: () => definition,
      }),
    );
}
