/**
 * Strategic merge patch: a merge patch that knows from the schema which lists merge by key, and obeys directives:
 *
 *   $patch: replace | delete        in an object, or as an item of a keyed list
 *   $retainKeys: [a, b]             drops every other member of the object
 *   $deleteFromPrimitiveList/x: []  takes values out of list x
 *   $setElementOrder/x: []          puts list x in this order; items it does not name keep their place as well as can be
 *
 * Messages are upstream's. What upstream answers with 500 is 422 here: the patch does not fit the object.
 */

import { goValue } from '../../api/go-text.ts';
import { copyJson, isRecord, type JsonRecord, own, setOwn } from '../../api/json-record.ts';
import { NumberLiteral } from '../../api/number-literal.ts';
import { badRequest, StatusError, tooLarge } from '../../api/status-error.ts';
import type { Field, ObjectSchema, Schema } from '../schema/schema.ts';
import { identityOf, orderList } from './element-order.ts';
import { type ObjectPatch, parseObjectPatch } from './merge-patch.ts';

/** Reads the text of a strategic merge patch; null is an empty one. */
export function parseStrategicMergePatch(text: string): ObjectPatch {
  const { patch, strictErrors } = parseObjectPatch(text, '');
  return { patch: plainRecord(patch ?? {}), strictErrors };
}

/** Unlike the other patches, this one is read as values, not as text: `5.0` and `1e1` are whole numbers. */
function plainNumbers(value: unknown): unknown {
  if (value instanceof NumberLiteral) {
    const number = Number(value.text);
    return /[.eE]/.test(value.text) && Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return value.map(plainNumbers);
  return isRecord(value) ? plainRecord(value) : value;
}

function plainRecord(record: JsonRecord): JsonRecord {
  const plain: JsonRecord = {};
  for (const key of Object.keys(record)) setOwn(plain, key, plainNumbers(record[key]));
  return plain;
}

/** `original` with `patch` merged in by `schema`. Neither is changed; the result may share what the patch does not name. */
export function applyStrategicMergePatch(original: JsonRecord, patch: JsonRecord, schema: ObjectSchema): JsonRecord {
  return mergeObject(copyTouched(original, patch), copyJson(patch), schema);
}

/** A copy of all that the patch names, by itself or in a directive; the rest is shared. */
function copyTouched(original: JsonRecord, patch: JsonRecord): JsonRecord {
  const touched = new Set(
    Object.keys(patch).map((key) => (key.startsWith('$') ? key.slice(key.indexOf('/') + 1) : key)),
  );
  const copy: JsonRecord = {};
  for (const [key, value] of Object.entries(original)) setOwn(copy, key, touched.has(key) ? copyJson(value) : value);
  return copy;
}

const deletePrefix = '$deleteFromPrimitiveList';
const orderPrefix = '$setElementOrder';
const retainKeys = '$retainKeys';

/** Merges in place; both arguments are the caller's own copies. */
function mergeObject(original: JsonRecord, patch: JsonRecord, schema: Schema | undefined): JsonRecord {
  if (Object.hasOwn(patch, '$patch')) return obeyPatchDirective(patch);
  applyRetainKeys(original, patch);
  for (const key of Object.keys(patch)) {
    if (key.startsWith(orderPrefix)) applyElementOrder(original, patch, key, schema);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deletePrefix)) deleteValues(original, listNamed(key, deletePrefix), value);
    else mergeMember(original, key, value, fieldOf(schema, key));
  }
  return original;
}

function obeyPatchDirective(patch: JsonRecord): JsonRecord {
  const { $patch: directive, ...rest } = patch;
  if (directive === 'replace') return rest;
  if (directive === 'delete') return {};
  throw unfit(`unknown patch type: ${goValue(directive)} in map: ${goValue(patch)}`);
}

function mergeMember(original: JsonRecord, key: string, value: unknown, field: Field | undefined): void {
  if (value === null) {
    delete original[key];
    return;
  }
  const current = own(original, key);
  if (isRecord(current) && isRecord(value)) {
    const replaces = field?.patchStrategies.includes('replace') ?? false;
    setOwn(original, key, replaces ? value : mergeObject(current, value, field?.schema));
  } else if (Array.isArray(current) && Array.isArray(value)) {
    setOwn(original, key, mergesLists(field) ? mergeList(current, value, field) : value);
  } else if (typeof current === typeof value && !Array.isArray(value) && !isRecord(value)) {
    setOwn(original, key, value);
  } else {
    takeNew(original, key, value);
  }
}

const mergesLists = (field: Field | undefined): boolean => field?.patchStrategies.includes('merge') ?? false;

/** A value for which there is nothing to merge with: nulls in it mean nothing, and what carries `$patch` is left out. */
function takeNew(original: JsonRecord, key: string, value: unknown): void {
  const cleaned = withoutNullsAndDirectives(value);
  if (cleaned === undefined) delete original[key];
  else setOwn(original, key, cleaned);
}

function withoutNullsAndDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return itemsWithoutNullsAndDirectives(value);
  if (!isRecord(value)) return value;
  if (Object.hasOwn(value, '$patch')) return undefined;
  const result: JsonRecord = {};
  for (const [key, member] of Object.entries(value)) {
    const cleaned = member === null ? undefined : withoutNullsAndDirectives(member);
    if (cleaned !== undefined) setOwn(result, key, cleaned);
  }
  return result;
}

const itemsWithoutNullsAndDirectives = (items: readonly unknown[]): unknown[] =>
  items.map(withoutNullsAndDirectives).filter((item) => item !== undefined);

function applyRetainKeys(original: JsonRecord, patch: JsonRecord): void {
  const keys = own(patch, retainKeys);
  if (keys === undefined) return;
  delete patch[retainKeys];
  const given = Object.entries(patch).filter(([key, value]) => value !== null && !/^\$(delete|setEl)/.test(key));
  const retained = new Set<unknown>(Array.isArray(keys) ? keys : []);
  if (!Array.isArray(keys) || given.some(([key]) => !retained.has(key))) {
    throw badRequest('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(original)) if (!retained.has(key)) delete original[key];
}

/** `$setElementOrder/env` → `env`. */
function listNamed(key: string, prefix: string): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  throw badRequest(`invalid patch format of ${prefix === orderPrefix ? 'setElementOrder' : 'primitive'} list`);
}

function deleteValues(original: JsonRecord, name: string, values: unknown): void {
  const current = own(original, name);
  if (values === null) delete original[name];
  if (!Array.isArray(current) || !Array.isArray(values) || current.length + values.length === 0) return;
  checkElements(current, values);
  const gone = new Set(values.map((value) => identityOf(value, undefined)));
  setOwn(
    original,
    name,
    current.filter((item) => !gone.has(identityOf(item, undefined))),
  );
}

/** Merges list and order in one go, and takes both out of the patch. */
function applyElementOrder(
  original: JsonRecord,
  patch: JsonRecord,
  orderKey: string,
  schema: Schema | undefined,
): void {
  const order = own(patch, orderKey);
  const name = listNamed(orderKey, orderPrefix);
  const field = fieldOf(schema, name);
  const current = listOrNothing(own(original, name));
  const patched = listOrNothing(own(patch, name));
  delete patch[orderKey];
  if (!Array.isArray(order)) throw unfit(`expected a list in ${orderKey}`);
  if (current === undefined && patched === undefined) return;
  checkOrder(patched ?? [], order, field?.patchMergeKey);
  delete patch[name];
  const merged = mergedWithOrder(current, patched, field);
  checkElements(current ?? [], patched ?? []);
  setOwn(original, name, orderList(merged, order, current ?? [], field?.patchMergeKey));
}

function mergedWithOrder(
  current: unknown[] | undefined,
  patched: unknown[] | undefined,
  field: Field | undefined,
): unknown[] {
  if (patched === undefined) return current ?? [];
  if (current === undefined) return itemsWithoutNullsAndDirectives(patched);
  return mergesLists(field) ? mergeList(current, patched, field) : patched;
}

function listOrNothing(value: unknown): unknown[] | undefined {
  if (value === undefined || Array.isArray(value)) return value;
  throw unfit(`expected a list, but received a ${typeof value}`);
}

/** Items of the patch must stand in the order that the directive names. */
function checkOrder(patched: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  if (order.length === 0) return;
  const kept = mergeKey === undefined ? patched : patched.filter((item) => !isRecord(item) || item.$patch !== 'delete');
  for (const item of [...kept, ...order]) if (mergeKey !== undefined) requireKey(item, mergeKey);
  let next = 0;
  for (const item of order) {
    if (next < kept.length && identityOf(kept[next], mergeKey) === identityOf(item, mergeKey)) next += 1;
  }
  if (next < kept.length) {
    throw unfit(
      `The order in patch list:\n${goValue(patched)}\n doesn't match ${orderPrefix} list:\n${goValue(order)}\n`,
    );
  }
}

function requireKey(item: unknown, mergeKey: string): void {
  if (!isRecord(item)) throw unfit('value for key 0 is not a map');
  if (!Object.hasOwn(item, mergeKey)) {
    throw unfit(`map: ${goValue(item)} does not contain declared merge key: ${mergeKey}`);
  }
}

function mergeList(current: unknown[], patched: unknown[], field: Field | undefined): unknown[] {
  if (current.length === 0 && patched.length === 0) return current;
  const mergeKey = field?.patchMergeKey;
  if (!checkElements(current, patched)) {
    const merged = new Map([...current, ...patched].map((item) => [identityOf(item, undefined), item]));
    return orderList([...merged.values()], patched, current, undefined);
  }
  if (mergeKey === undefined) throw unfit(`cannot merge lists without merge key for ${field?.name ?? 'list'}`);
  const { base, rest } = obeyItemDirectives(current.filter(isRecord), patched.filter(isRecord), mergeKey);
  const itemSchema = field?.schema.type === 'list' ? field.schema.items : undefined;
  return orderList(mergeItems(base, rest, mergeKey, itemSchema), rest, base, mergeKey);
}

function mergeItems(
  base: readonly JsonRecord[],
  patched: readonly JsonRecord[],
  mergeKey: string,
  schema: Schema | undefined,
): JsonRecord[] {
  const merged = [...base];
  const places = new Map<string, number>();
  for (const [index, item] of base.entries()) {
    const identity = identityOf(item, mergeKey);
    if (!places.has(identity)) places.set(identity, index);
  }
  for (const item of patched) {
    requireKey(item, mergeKey);
    const at = places.get(identityOf(item, mergeKey));
    if (at === undefined) places.set(identityOf(item, mergeKey), merged.push(item) - 1);
    else merged[at] = mergeObject(merged[at] ?? {}, item, schema);
  }
  return merged;
}

/** Items that carry `$patch` delete others or replace the whole list; what is left is merged. */
function obeyItemDirectives(
  current: readonly JsonRecord[],
  patched: readonly JsonRecord[],
  mergeKey: string,
): { base: JsonRecord[]; rest: JsonRecord[] } {
  const gone = new Set<string>();
  const rest: JsonRecord[] = [];
  let replace = false;
  for (const item of patched) {
    switch (item.$patch) {
      case undefined:
        rest.push(item);
        break;
      case 'delete':
        requireKey(item, mergeKey);
        gone.add(identityOf(item, mergeKey));
        break;
      case 'replace':
        replace = true;
        break;
      case 'merge':
        throw unfit('merging lists cannot yet be specified in the patch');
      default:
        throw unfit(`unknown patch type: ${goValue(item.$patch)} in map: ${goValue(item)}`);
    }
  }
  if (replace) return { base: rest, rest: [] };
  return { base: current.filter((item) => !gone.has(identityOf(item, mergeKey))), rest };
}

/** No object that can be stored has more items in one list; merging them would take too long. */
const maxItems = 100_000;

/** All items of both lists must be of one type. True for objects, false for scalars. */
function checkElements(current: readonly unknown[], patched: readonly unknown[]): boolean {
  if (current.length + patched.length > maxItems) {
    throw tooLarge(`Request entity too large: a list of more than ${maxItems} items cannot be merged`);
  }
  const all = [...current, ...patched];
  const [first] = all;
  if (Array.isArray(first)) throw new StatusError(422, 'Invalid', 'lists of lists are not supported', {});
  const typeOf = (item: unknown) => (item === null ? 'null' : Array.isArray(item) ? 'list' : typeof item);
  if (all.some((item) => typeOf(item) !== typeOf(first) || item === null)) {
    throw unfit(`list element types are not identical: [${goValue(current)} ${goValue(patched)}]`);
  }
  return isRecord(first);
}

function fieldOf(schema: Schema | undefined, name: string): Field | undefined {
  return schema?.type === 'object' ? schema.fields.get(name) : undefined;
}

const unfit = (message: string): StatusError => new StatusError(422, 'Invalid', message, {});
