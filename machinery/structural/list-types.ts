/** Lists of type `set` have no item twice, lists of type `map` no two with the same keys. */

import { isRecord, sortedJson } from '../../api/json-record.ts';
import { type FieldErrors, FieldPath } from '../field-errors.ts';
import type { StructuralNode } from './structural-node.ts';

/** At the root of an object there is no list. */
export function validateListTypes(object: unknown, root: StructuralNode, errors: FieldErrors): void {
  validate(object, root, FieldPath.root, errors);
}

function validate(value: unknown, node: StructuralNode, path: FieldPath, errors: FieldErrors): void {
  if (!node.has.listTypes || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) validateList(value, node, path, errors);
  else if (isRecord(value)) {
    for (const [name, member] of Object.entries(value)) {
      const property = node.properties.get(name);
      if (property !== undefined) validate(member, property, path.child(name), errors);
      else if (node.additional?.node) validate(member, node.additional.node, path.key(name), errors);
    }
  }
}

function validateList(list: readonly unknown[], node: StructuralNode, path: FieldPath, errors: FieldErrors): void {
  const listType = node.schema['x-kubernetes-list-type'];
  if (listType === 'set') {
    for (const index of repeatedIn(list)) errors.duplicate(path.index(index), list[index]);
  } else if (listType === 'map') validateMap(list, node, path, errors);
  if (node.items === undefined || !node.items.has.listTypes) return;
  for (const [index, item] of list.entries()) validate(item, node.items, path.index(index), errors);
}

function validateMap(list: readonly unknown[], { schema }: StructuralNode, path: FieldPath, errors: FieldErrors): void {
  const odd = list.findIndex((item) => item !== null && !isRecord(item));
  if (odd >= 0) {
    errors.invalid(path.index(odd), list[odd], 'must be an object for an array of list-type map');
    return;
  }
  const names = schema['x-kubernetes-list-map-keys'] ?? [];
  const keys = list.map((item) => {
    const found = names.filter((name) => isRecord(item) && Object.hasOwn(item, name));
    return Object.fromEntries(found.map((name) => [name, isRecord(item) ? item[name] : undefined]));
  });
  for (const index of repeatedIn(keys)) errors.duplicate(path.index(index), keys[index]);
}

/** The second of each that is there more than once. */
function repeatedIn(list: readonly unknown[]): number[] {
  const counts = new Map<string, number>();
  const repeated: number[] = [];
  for (const [index, value] of list.entries()) {
    const text = JSON.stringify(sortedJson(value));
    const count = counts.get(text) ?? 0;
    counts.set(text, count + 1);
    if (count === 1) repeated.push(index);
  }
  return repeated;
}
