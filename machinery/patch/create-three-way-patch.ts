/**
 * The strategic merge patch that makes `current` what `modified` says: what was in `original` (what was applied last)
 * and is gone from `modified` is deleted; what others have added to `current` stays.
 */

import { equalJson, isRecord, type JsonRecord, own, setOwn } from '../../api/json-record.ts';
import type { Field, ObjectSchema, Schema } from '../schema/schema.ts';
import { identityOf } from './element-order.ts';

export interface ThreeWayInput {
  /** What was applied last; undefined when nothing is known of it. */
  readonly original: JsonRecord | undefined;
  /** What is to be applied now. */
  readonly modified: JsonRecord;
  readonly current: JsonRecord;
}

/** An empty patch means that nothing is to be done. Shares parts with the input. */
export function createThreeWayPatch({ original, modified, current }: ThreeWayInput, schema: ObjectSchema): JsonRecord {
  return objectPatch(original ?? {}, modified, current, schema);
}

function objectPatch(
  original: JsonRecord,
  modified: JsonRecord,
  current: JsonRecord,
  schema: Schema | undefined,
): JsonRecord {
  const patch: JsonRecord = {};
  for (const [key, value] of Object.entries(modified)) {
    const field = schema?.type === 'object' ? schema.fields.get(key) : undefined;
    const changes = memberPatch(key, own(original, key), value, own(current, key), field);
    for (const [name, change] of Object.entries(changes)) setOwn(patch, name, change);
  }
  for (const key of Object.keys(original)) {
    if (!Object.hasOwn(modified, key) && Object.hasOwn(current, key)) setOwn(patch, key, null);
  }
  return patch;
}

function memberPatch(
  key: string,
  original: unknown,
  modified: unknown,
  current: unknown,
  field: Field | undefined,
): JsonRecord {
  if (isRecord(modified) && isRecord(current) && !field?.patchStrategies.includes('replace')) {
    const patch = objectPatch(isRecord(original) ? original : {}, modified, current, field?.schema);
    if (Object.keys(patch).length === 0) return {};
    return {
      [key]: field?.patchStrategies.includes('retainKeys') ? { $retainKeys: Object.keys(modified), ...patch } : patch,
    };
  }
  if (Array.isArray(modified) && Array.isArray(current) && field?.patchStrategies.includes('merge')) {
    return listPatch(field, Array.isArray(original) ? original : [], modified, current);
  }
  return equalJson(modified, current) ? {} : { [key]: modified };
}

function listPatch(
  field: Field,
  original: readonly unknown[],
  modified: readonly unknown[],
  current: readonly unknown[],
): JsonRecord {
  const mergeKey = field.patchMergeKey;
  const all = [...original, ...modified, ...current];
  // Items without the key cannot be told apart: then the list is one value.
  if (mergeKey !== undefined && !all.every((item) => isRecord(item) && Object.hasOwn(item, mergeKey))) {
    return equalJson(modified, current) ? {} : { [field.name]: modified };
  }
  const before = byIdentity(original, mergeKey);
  const now = byIdentity(current, mergeKey);
  const wanted = byIdentity(modified, mergeKey);
  const changed = [...wanted].flatMap(([id, item]) => itemPatch(field, before.get(id), item, now.get(id), now.has(id)));
  const gone = [...before].filter(([id]) => !wanted.has(id) && now.has(id)).map(([, item]) => item);
  if (changed.length === 0 && gone.length === 0 && isOrdered([...wanted.keys()], [...now.keys()])) return {};
  const order =
    mergeKey === undefined ? modified : modified.filter(isRecord).map((item) => ({ [mergeKey]: item[mergeKey] }));
  const deletions =
    mergeKey === undefined
      ? []
      : gone.filter(isRecord).map((item) => ({ $patch: 'delete', [mergeKey]: item[mergeKey] }));
  const items = [...changed, ...deletions];
  return {
    [`$setElementOrder/${field.name}`]: order,
    ...(items.length > 0 && { [field.name]: items }),
    ...(mergeKey === undefined && gone.length > 0 && { [`$deleteFromPrimitiveList/${field.name}`]: gone }),
  };
}

function itemPatch(field: Field, original: unknown, modified: unknown, current: unknown, exists: boolean): unknown[] {
  if (!exists) return [modified];
  const { patchMergeKey: mergeKey, schema } = field;
  if (mergeKey === undefined || !isRecord(modified) || !isRecord(current)) return [];
  const patch = objectPatch(
    isRecord(original) ? original : {},
    modified,
    current,
    schema.type === 'list' ? schema.items : undefined,
  );
  if (Object.keys(patch).length === 0) return [];
  const retain = field.patchStrategies.includes('retainKeys') ? { $retainKeys: Object.keys(modified) } : {};
  return [{ ...retain, [mergeKey]: modified[mergeKey], ...patch }];
}

const byIdentity = (list: readonly unknown[], mergeKey: string | undefined): Map<string, unknown> =>
  new Map(list.map((item) => [identityOf(item, mergeKey), item]));

/** Whether the items of `wanted` stand in `current` in their order. */
function isOrdered(wanted: readonly string[], current: readonly string[]): boolean {
  const known = new Set(wanted);
  const there = current.filter((id) => known.has(id));
  return there.every((id, index) => id === wanted[index]);
}
