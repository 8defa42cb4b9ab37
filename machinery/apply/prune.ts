/** Takes out of an object what its applier claimed before and no longer does, unless somebody else claims it too. */

import { isRecord, setOwn } from '../../api/json-record.ts';
import type { Schema } from '../schema/schema.ts';
import { below, difference, type FieldSet, intersection, isEmptySet, isInSet, union } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import { elementOrNothing } from './list-items.ts';
import { memberSchemaOf, placeOf } from './type-at.ts';

/**
 * `merged` without the fields of `former` that nobody in `owners` claims. `former` is what the applier claimed before,
 * `owners` are the sets of all managers now.
 */
export function prune(schema: Schema, merged: unknown, former: FieldSet, owners: readonly FieldSet[]): unknown {
  if (isEmptySet(former)) return merged;
  const claimedBefore = withNamedFields(schema, former);
  const claimed = withNamedFields(schema, owners.reduce(union, {}));
  const all = withNamedFields(schema, fieldSetOf(schema, merged));
  const pruned = removeFields(schema, merged, claimedBefore);
  const kept = withNamedFields(schema, fieldSetOf(schema, pruned));
  const ownedAgain = removeFields(schema, merged, difference(all, union(kept, claimed)));
  const left = withNamedFields(schema, fieldSetOf(schema, ownedAgain));
  // Only what this applier brought may go: not what was swept along with it.
  return removeFields(schema, merged, intersection(difference(all, left), claimedBefore));
}

/** The same set with every named field on the way to a path in it: owning `spec.replicas` includes owning `spec`. */
function withNamedFields(schema: Schema, set: FieldSet): FieldSet {
  const members: Record<string, FieldSet> = {};
  for (const [element, node] of Object.entries(set)) {
    if (element === '.') continue;
    const { inner, named } = step(schema, element, node);
    const deeper = inner === undefined ? below(node) : withNamedFields(inner, below(node));
    const inSet = isInSet(node) || named;
    members[element] = isEmptySet(deeper) ? {} : inSet ? { '.': {}, ...deeper } : deeper;
  }
  return members;
}

function step(schema: Schema, element: string, node: FieldSet): { inner: Schema | undefined; named: boolean } {
  const key = element.slice(2);
  switch (schema.type) {
    case 'object': {
      return { inner: memberSchemaOf(schema, key), named: schema.fields.has(key) };
    }
    case 'map':
      return { inner: schema.values, named: false };
    case 'list':
      return { inner: schema.items, named: false };
    default:
      return { inner: isEmptySet(node) ? undefined : schema, named: false };
  }
}

/** The value without the paths of `set`; undefined when nothing is left of a container. */
function removeFields(schema: Schema, value: unknown, set: FieldSet): unknown {
  if (isEmptySet(set)) return value;
  const place = placeOf(schema, value);
  switch (place.kind) {
    case 'leaf':
      // A path below a value that is owned as a whole: the whole value goes.
      return isRecord(value) || Array.isArray(value) ? null : value;
    case 'list': {
      const items = (Array.isArray(value) ? value : []).flatMap((item) => {
        const node = set[elementOrNothing(place.schema, item) ?? ''];
        return removeOne(place.schema.items, item, node);
      });
      return items.length === 0 ? null : items;
    }
    case 'map': {
      const result: Record<string, unknown> = {};
      for (const [key, member] of Object.entries(isRecord(value) ? value : {})) {
        const [kept] = removeOne(place.member(key)?.schema ?? { type: 'raw' }, member, set[`f:${key}`]);
        if (kept !== undefined) setOwn(result, key, kept);
      }
      return Object.keys(result).length === 0 ? null : result;
    }
  }
}

/** The part without what `node` names of it: a list of one, or empty when it goes altogether. */
function removeOne(schema: Schema, part: unknown, node: FieldSet | undefined): unknown[] {
  if (node === undefined) return [part];
  if (isInSet(node)) return [];
  return [removeFields(schema, part, node)];
}
