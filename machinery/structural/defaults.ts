/** Fills in the defaults of a schema, and takes away nulls that may not be there and have no default. In place. */

import { copyJson, isRecord, type JsonRecord, setOwn } from '../../api/json-record.ts';
import { repairEmbedded } from './embedded-metadata.ts';
import { pruneValue } from './prune.ts';
import { memberNode, type StructuralNode } from './structural-node.ts';

/** Whole objects are pruned of nulls even where nothing has a default: a null means that a field was not meant. */
export function dropNulls(value: unknown, node: StructuralNode | undefined): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, node?.items);
    return;
  }
  if (node === undefined || !isRecord(value)) return;
  for (const name of Object.keys(value)) {
    const member = memberNode(node, name);
    if (member === undefined) continue;
    if (isUnwantedNull(value[name], member) && member.default === undefined) delete value[name];
    else dropNulls(value[name], member);
  }
}

/** Idempotent: a default is a value of its schema, and its own defaults are filled in, too. */
export function setDefaults(value: unknown, node: StructuralNode | undefined): void {
  if (node === undefined || !node.has.defaults || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) setItemDefaults(value, node.items);
  else if (isRecord(value)) setMemberDefaults(value, node);
}

function setMemberDefaults(record: JsonRecord, node: StructuralNode): void {
  for (const [name, property] of node.properties) {
    if (property.default === undefined) continue;
    if (!Object.hasOwn(record, name) || isUnwantedNull(record[name], property))
      setOwn(record, name, copyJson(property.default));
  }
  for (const name of Object.keys(record)) {
    const member = memberNode(node, name);
    if (member === undefined || !member.has.defaults) continue;
    if (isUnwantedNull(record[name], member)) setOwn(record, name, copyJson(member.default ?? null));
    setDefaults(record[name], member);
  }
}

function setItemDefaults(list: unknown[], items: StructuralNode | undefined): void {
  if (items === undefined) return;
  for (const [index, item] of list.entries()) {
    if (isUnwantedNull(item, items)) list[index] = copyJson(items.default ?? null);
    setDefaults(list[index], items);
  }
}

const isUnwantedNull = (value: unknown, node: StructuralNode): boolean => value === null && !node.isNullable;

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
