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
  pruneRecord(object, { ...root, isEmbedded: true }, new NamedDrops('', unknown));
  return unknown.sort(compareText);
}

/** The same where nobody asks for names: whether anything was dropped. */
export function pruneSilently(object: JsonRecord, root: StructuralNode): boolean {
  const drops = new CountedDrops();
  pruneRecord(object, { ...root, isEmbedded: true }, drops);
  return drops.count > 0;
}

/** The same for a value that is not a whole object: a default. */
export function pruneValue(value: unknown, node: StructuralNode): void {
  prune(value, node, new CountedDrops());
}

/** Who hears of what is dropped below a place. */
interface Drops {
  member(name: string): Drops;
  item(index: number): Drops;
  /** The member of that name was dropped. */
  note(name: string): void;
}

/** Names cost more than all the rest. */
class CountedDrops implements Drops {
  count = 0;
  member(): Drops {
    return this;
  }
  item(): Drops {
    return this;
  }
  note(): void {
    this.count += 1;
  }
}

class NamedDrops implements Drops {
  readonly #path: string;
  readonly #unknown: string[];
  constructor(path: string, unknown: string[]) {
    this.#path = path;
    this.#unknown = unknown;
  }
  member(name: string): Drops {
    return new NamedDrops(this.#nameOf(name), this.#unknown);
  }
  item(index: number): Drops {
    return new NamedDrops(`${this.#path}[${index}]`, this.#unknown);
  }
  note(name: string): void {
    this.#unknown.push(this.#nameOf(name));
  }
  #nameOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

function prune(value: unknown, node: StructuralNode | undefined, drops: Drops): void {
  if (Array.isArray(value)) pruneList(value, node, drops);
  else if (isRecord(value)) pruneRecord(value, node, drops);
}

function pruneList(list: readonly unknown[], node: StructuralNode | undefined, drops: Drops): void {
  if (node?.preservesUnknown && node.items === undefined) return;
  const items = node?.preservesUnknown && node.items ? preserving(node.items) : node?.items;
  for (const [index, item] of list.entries()) {
    if (typeof item === 'object' && item !== null) prune(item, items, drops.item(index));
  }
}

/** Items of a list that keeps what it does not know do so, too. */
const preserving = (node: StructuralNode): StructuralNode =>
  node.preservesUnknown ? node : { ...node, preservesUnknown: true };

function pruneRecord(record: JsonRecord, node: StructuralNode | undefined, drops: Drops): void {
  for (const name of Object.keys(record)) {
    if (node?.isEmbedded && isMetaField(name)) continue;
    const property = node?.properties.get(name);
    const value = record[name];
    if (property !== undefined || node?.additional !== undefined) {
      // Nearly all members are plain values, of which there is nothing to drop.
      if (typeof value === 'object' && value !== null)
        prune(value, property ?? node?.additional?.node, drops.member(name));
    } else if (!node?.preservesUnknown) {
      drops.note(name);
      delete record[name];
    }
  }
}
