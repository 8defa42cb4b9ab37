/**
 * JSON patch (RFC 6902) as API servers take it. fast-json-patch changes the document; here stands what upstream does
 * differently around it: a missing `value` is null, `replace` and `copy` put up with members that are not there,
 * array indexes may be negative, and a patch may have 10,000 operations and copy 3 MiB at most.
 */

import jsonPatchLibrary from 'fast-json-patch';
import { copyJson, equalJson, isRecord, type JsonRecord, own, setOwn } from '../../api/json-record.ts';
import { badRequest, StatusError, tooLarge } from '../../api/status-error.ts';
import { JsonError, jsonTypeName, parseJson } from '../json/json.ts';

export const maxOperations = 10_000;
/** Sum of the sizes of all values that `copy` may add, as JSON text. */
const maxCopiedBytes = 3 * 1024 * 1024;
/** How many items all operations together may shift by inserting and removing: more would hold up everybody else. */
const maxShiftedItems = 50_000_000;

export interface JsonPatch {
  readonly operations: readonly JsonRecord[];
  /** Unknown and duplicate fields of the patch itself, for field validation. */
  readonly strictErrors: readonly string[];
}

/** Reads the text of a patch. Throws 400 for what is no patch and 413 for one that is too long. */
export function parseJsonPatch(text: string): JsonPatch {
  const { value, duplicates } = parsePatchText(text);
  const items = checkShape(value);
  if (items.length > maxOperations) {
    throw tooLarge(
      `Request entity too large: The allowed maximum operations in a JSON patch is ${maxOperations}, got ${items.length}`,
    );
  }
  const unknown = items.flatMap((item, index) =>
    Object.keys(item)
      .filter((key) => !operationFields.includes(key))
      .map((key) => `json patch unknown field "[${index}].${key}"`),
  );
  const repeated = duplicates.map((path) => `json patch duplicate field "${path}"`);
  return { operations: items, strictErrors: [...unknown, ...repeated] };
}

/** The document with all operations applied, or 422. `document` itself is left alone. */
export function applyJsonPatch(document: unknown, operations: readonly JsonRecord[]): unknown {
  const target = copyJson(document);
  const run: Run = { document: target, copiedBytes: 0, shiftedItems: 0 };
  for (const operation of operations) applyOperation(run, operation);
  return target;
}

const operationFields = ['op', 'path', 'from', 'value'];

function parsePatchText(text: string): ReturnType<typeof parseJson> {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw badRequest(`error decoding patch: ${error.message}`);
    throw error;
  }
}

function checkShape(value: unknown): JsonRecord[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw cannotDecode(value, 'Go value of type []handlers.jsonPatchOp');
  return value.map((item: unknown) => {
    if (item === null) return {};
    if (!isRecord(item)) throw cannotDecode(item, 'Go value of type handlers.jsonPatchOp');
    for (const field of ['op', 'path', 'from']) {
      const given = own(item, field) ?? '';
      if (typeof given !== 'string') throw cannotDecode(given, `Go struct field jsonPatchOp.${field} of type string`);
    }
    return item;
  });
}

const cannotDecode = (value: unknown, into: string): StatusError =>
  badRequest(`error decoding patch: json: cannot unmarshal ${jsonTypeName(value)} into ${into}`);

interface Run {
  readonly document: unknown;
  copiedBytes: number;
  shiftedItems: number;
}

type Container = JsonRecord | unknown[];

function applyOperation(run: Run, operation: JsonRecord): void {
  const value = own(operation, 'value') ?? null;
  const target = () => locate(run.document, own(operation, 'path'));
  const source = () => locate(run.document, own(operation, 'from'));
  switch (own(operation, 'op')) {
    case 'add':
      insert(run, target(), copyJson(value));
      break;
    case 'replace':
      replace(target(), copyJson(value));
      break;
    case 'remove':
      remove(run, target());
      break;
    case 'test':
      test(target(), value);
      break;
    case 'move':
      // The target is looked up after the removal: it may lie behind the removed item.
      insertAfterRemoval(run, source(), target);
      break;
    case 'copy':
      insert(run, target(), copied(run, valueAt(source())));
      break;
    default:
      throw rejected();
  }
}

function insertAfterRemoval(run: Run, from: Place, target: () => Place): void {
  const moved = valueAt(from);
  remove(run, from);
  insert(run, target(), moved);
}

/** Where a pointer leads: the container that exists, and the key in it that may not. */
interface Place {
  readonly container: Container;
  readonly key: string;
}

function locate(document: unknown, pointer: unknown): Place {
  if (typeof pointer !== 'string' || !pointer.includes('/')) throw rejected();
  const [, ...keys] = pointer.split('/').map(unescapeKey);
  const key = keys.pop() ?? '';
  const container = keys.reduce<unknown>((node, step) => {
    if (!isContainer(node)) throw rejected();
    return valueAt({ container: node, key: step });
  }, document);
  if (!isContainer(container)) throw rejected();
  return { container, key };
}

const isContainer = (value: unknown): value is Container => Array.isArray(value) || isRecord(value);
const unescapeKey = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');

/** An index as Go's Atoi reads it, counted from the end when negative; refused outside 0 … length − 1. */
function indexIn(key: string, length: number): number {
  const given = /^[+-]?\d+$/.test(key) ? Number(key) : Number.NaN;
  const index = given < 0 ? given + length : given;
  if (!(index >= 0 && index < length)) throw rejected();
  return index;
}

function valueAt({ container, key }: Place): unknown {
  return Array.isArray(container) ? container[indexIn(key, container.length)] : (own(container, key) ?? null);
}

function insert(run: Run, { container, key }: Place, value: unknown): void {
  if (Array.isArray(container)) {
    const index = key === '-' ? container.length : indexIn(key, container.length + 1);
    countShift(run, container.length - index);
    change(container, 'add', String(index), value);
  } else change(container, 'add', key, value);
}

function replace({ container, key }: Place, value: unknown): void {
  const at = Array.isArray(container) ? String(indexIn(key, container.length)) : key;
  change(container, Array.isArray(container) ? 'replace' : 'add', at, value);
}

function remove(run: Run, { container, key }: Place): void {
  if (!Array.isArray(container) && !Object.hasOwn(container, key)) throw rejected();
  const at = Array.isArray(container) ? String(indexIn(key, container.length)) : key;
  if (Array.isArray(container)) countShift(run, container.length - Number(at));
  change(container, 'remove', at, undefined);
}

function countShift(run: Run, items: number): void {
  run.shiftedItems += items;
  if (run.shiftedItems > maxShiftedItems) throw rejected();
}

function test(place: Place, expected: unknown): void {
  if (!equalJson(valueAt(place), expected)) throw rejected();
}

function copied(run: Run, value: unknown): unknown {
  run.copiedBytes += JSON.stringify(value).length;
  if (run.copiedBytes > maxCopiedBytes) throw rejected();
  return copyJson(value);
}

/** One step in the library, on a key that is known to be right. */
function change(container: Container, op: 'add' | 'replace' | 'remove', key: string, value: unknown): void {
  // A key that the library refuses, as it would reach into JavaScript itself, is a key like any other.
  if (!Array.isArray(container)) {
    if (op === 'remove') delete container[key];
    else setOwn(container, key, value);
    return;
  }
  const path = `/${key}`;
  jsonPatchLibrary.applyOperation(container, op === 'remove' ? { op, path } : { op, path, value });
}

/** Upstream tells no more than this about an operation that does not apply. */
const rejected = (): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
