/**
 * Drops what a schema does not name from objects, in place. What a place with `x-kubernetes-preserve-unknown-fields`
 * has stays, and is pruned again where that place's schema names it.
 */

import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { compareText } from '../../base/compare.ts';
import { isMetaField, type StructuralNode } from './structural-node.ts';

/** Answers with the paths of what was dropped, as strict decoding names them (`spec.list[0].b`), sorted. */
export function pruneObject(object: JsonRecord, root: StructuralNode): string[] {
  const unknown: string[] = [];
  pruneRecord(object, { ...root, isEmbedded: true }, '', unknown);
  return unknown.sort(compareText);
}

/** The same for a value that is not a whole object: a default. */
export function pruneValue(value: unknown, node: StructuralNode): void {
  prune(value, node, '', []);
}

function prune(value: unknown, node: StructuralNode | undefined, path: string, unknown: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) pruneList(value, node, path, unknown);
  else if (isRecord(value)) pruneRecord(value, node, path, unknown);
}

function pruneList(list: readonly unknown[], node: StructuralNode | undefined, path: string, unknown: string[]): void {
  if (node?.preservesUnknown && node.items === undefined) return;
  const items = node?.preservesUnknown && node.items ? preserving(node.items) : node?.items;
  for (const [index, item] of list.entries()) prune(item, items, `${path}[${index}]`, unknown);
}

/** Items of a list that keeps what it does not know do so, too. */
const preserving = (node: StructuralNode): StructuralNode =>
  node.preservesUnknown ? node : { ...node, preservesUnknown: true };

function pruneRecord(record: JsonRecord, node: StructuralNode | undefined, path: string, unknown: string[]): void {
  for (const name of Object.keys(record)) {
    if (node?.isEmbedded && isMetaField(name)) continue;
    const property = node?.properties.get(name);
    const value = record[name];
    if (property !== undefined || node?.additional !== undefined) {
      // Nearly all members are plain values, of which there is nothing to drop.
      if (typeof value === 'object' && value !== null)
        prune(value, property ?? node?.additional?.node, memberPath(path, name), unknown);
    } else if (!node?.preservesUnknown) {
      unknown.push(memberPath(path, name));
      delete record[name];
    }
  }
}

const memberPath = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
