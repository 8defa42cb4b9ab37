/** What mutating policies add: `JSONPatch{…}`, `Object{…}`, and keys in the paths of patches. */

import { type CelType, dynType, type FieldType, type ObjectType, objectOf, stringType } from '../types/cel-type.ts';
import { type Declarations, text } from './function-table.ts';

export const jsonPatches: Declarations = [
  ['jsonpatch.escapeKey(string): string', ([a]) => text(a).replaceAll('~', '~0').replaceAll('/', '~1')],
];

const patchType = objectOf('JSONPatch', { op: stringType, path: stringType, from: stringType, value: dynType });

/** Any name is a field of it. */
class OpenFields extends Map<string, FieldType> {
  override get(_name: string): FieldType {
    return { type: dynType };
  }
}

/** `Object`, `Object.spec.template`: the parts of an object that an apply configuration is made of. */
export function mutationType(name: string): ObjectType | undefined {
  if (name === 'JSONPatch') return patchType;
  return /^Object(?:\.\w+)*$/.test(name) ? { kind: 'object', name, fields: new OpenFields() } : undefined;
}

export const patchOutputType: CelType = { kind: 'list', element: patchType };
