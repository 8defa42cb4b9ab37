/** Fills in the defaults of a schema, and takes away nulls that may not be there and have no default. In place. */

import { copyJson, isRecord, type JsonRecord, setOwn } from '../../api/json-record.ts';
import { repairEmbedded } from './embedded-metadata.ts';
import { pruneValue } from './prune.ts';
import { memberNode, type StructuralNode } from './structural-node.ts';

/**
 * Whole objects are pruned of nulls even where nothing has a default: a null means that a field was not meant. Answers
 * whether there was one.
 */
export function dropNulls(value: unknown, node: StructuralNode | undefined): boolean {
  if (node === undefined || typeof value !== 'object' || value === null) return false;
  let isChanged = false;
  if (Array.isArray(value)) {
    if (node.items === undefined) return false;
    for (const item of value) if (dropNulls(item, node.items)) isChanged = true;
    return isChanged;
  }
  if (!isRecord(value)) return false;
  for (const name of Object.keys(value)) {
    const member = memberNode(node, name);
    if (member === undefined) continue;
    const found = value[name];
    if (isUnwantedNull(found, member) && member.default === undefined) {
      delete value[name];
      isChanged = true;
    } else if (typeof found === 'object' && dropNulls(found, member)) isChanged = true;
  }
  return isChanged;
}

/**
 * As many bytes of JSON as defaults may add to one object, which is more than the store takes: lists of defaults inside
 * of lists of defaults would grow without end.
 */
const maxDefaultBytes = 2 << 20;

export interface Filled {
  /** Something was added. */
  readonly isChanged: boolean;
  /** There was room for all of them. */
  readonly isComplete: boolean;
}

/** Idempotent: a default is a value of its schema, and its own defaults are filled in, too. */
export function setDefaults(value: unknown, node: StructuralNode): Filled {
  const filling = { room: maxDefaultBytes };
  fillIn(value, node, filling);
  return { isChanged: filling.room < maxDefaultBytes, isComplete: filling.room >= 0 };
}

interface Filling {
  /** Below zero: full, nothing more is added. */
  room: number;
}

function fillIn(value: unknown, node: StructuralNode | undefined, filling: Filling): void {
  if (node === undefined || !node.has.defaults || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) fillInItems(value, node.items, filling);
  else if (isRecord(value)) fillInMembers(value, node, filling);
}

function fillInMembers(record: JsonRecord, node: StructuralNode, filling: Filling): void {
  for (const [name, property] of node.properties) {
    if (property.default === undefined) continue;
    if (Object.hasOwn(record, name) && !isUnwantedNull(record[name], property)) continue;
    if (takeRoom(name, property.default, filling)) setOwn(record, name, copyJson(property.default));
  }
  for (const name of Object.keys(record)) {
    const member = memberNode(node, name);
    if (member === undefined || !member.has.defaults) continue;
    if (hasDefaultInstead(record[name], member) && takeRoom(name, member.default, filling))
      setOwn(record, name, copyJson(member.default));
    fillIn(record[name], member, filling);
    if (filling.room < 0) return;
  }
}

function fillInItems(list: unknown[], items: StructuralNode | undefined, filling: Filling): void {
  if (items === undefined) return;
  for (const [index, item] of list.entries()) {
    if (hasDefaultInstead(item, items) && takeRoom('', items.default, filling)) list[index] = copyJson(items.default);
    fillIn(list[index], items, filling);
    if (filling.room < 0) return;
  }
}

function takeRoom(name: string, added: unknown, filling: Filling): boolean {
  const length = typeof added === 'string' ? added.length : JSON.stringify(added ?? null).length;
  filling.room -= name.length + length + 1;
  return filling.room >= 0;
}

const isUnwantedNull = (value: unknown, node: StructuralNode): boolean => value === null && !node.isNullable;

const hasDefaultInstead = (value: unknown, node: StructuralNode): boolean =>
  isUnwantedNull(value, node) && node.default !== undefined;

/** A default of a former definition may have what its schema does not name any more: it never shows. */
export function pruneDefaults(node: StructuralNode): void {
  if (!node.has.defaults) return;
  if (node.default !== undefined) {
    const value = copyJson(node.default);
    repairEmbedded(value, node);
    pruneValue(value, node);
    node.default = value;
  }
  for (const property of node.properties.values()) pruneDefaults(property);
  if (node.additional?.node) pruneDefaults(node.additional.node);
  if (node.items) pruneDefaults(node.items);
}
