/**
 * Sets of field paths in the form in which managedFields keeps them (FieldsV1), and the arithmetic on them. A set is a
 * tree of path elements: `f:name` a field, `k:{"port":80}` the list item with these keys, `v:"x"` the item of a set
 * with this value. A node is itself in the set when it has the member `.`, or no members at all.
 */

import { isRecord } from '../../api/json-record.ts';
import { compareKeys } from '../../base/compare.ts';

/** Immutable. The root stands for the whole object, which nobody owns: an empty root is the empty set. */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

const emptySet: FieldSet = {};
const itself = '.';

const hasMembers = (node: FieldSet): boolean => {
  for (const _ in node) return true;
  return false;
};

export const isEmptySet = (set: FieldSet): boolean => !hasMembers(set);

/** Whether a node below the root is in the set itself. */
export const isInSet = (node: FieldSet): boolean => node[itself] !== undefined || !hasMembers(node);

/** The node without its own membership, to be read as a set of what lies below it. */
export const below = (node: FieldSet | undefined): FieldSet => {
  if (node?.[itself] === undefined) return node ?? emptySet;
  const { [itself]: _, ...rest } = node;
  return rest;
};

type Combine = (a: FieldSet | undefined, b: FieldSet | undefined) => FieldSet | undefined;

/** Combines two trees: what to do with a part that only one of them has, and whether paths of both stay. */
function combination(keepLeft: boolean, keepRight: boolean, keepBoth: boolean): Combine {
  const combineNode: Combine = (a, b) => {
    if (a === undefined) return keepRight ? b : undefined;
    if (b === undefined) return keepLeft ? a : undefined;
    const inA = isInSet(a);
    const inB = isInSet(b);
    const stays = inA && inB ? keepBoth : (inA && keepLeft) || (inB && keepRight);
    return node(stays, combineMembers(a, b));
  };
  const combineMembers = (a: FieldSet, b: FieldSet): FieldSet => {
    const members: Record<string, FieldSet> = {};
    for (const element in a) addMember(members, element, combineNode(a[element], b[element]));
    if (keepRight) for (const element in b) if (a[element] === undefined) addMember(members, element, b[element]);
    return members;
  };
  return (a = emptySet, b = emptySet) => combineMembers(a, b);
}

function addMember(members: Record<string, FieldSet>, element: string, node: FieldSet | undefined): void {
  if (element !== itself && node !== undefined) members[element] = node;
}

/** A node with these members; nothing when it is neither in the set nor leads to anything that is. */
function node(inSet: boolean, members: FieldSet): FieldSet | undefined {
  if (!hasMembers(members)) return inSet ? emptySet : undefined;
  return inSet ? { [itself]: emptySet, ...members } : members;
}

const unite = combination(true, true, true);
const subtract = combination(true, false, false);
const intersect = combination(false, false, true);

export const union = (a: FieldSet, b: FieldSet): FieldSet =>
  isEmptySet(a) ? b : isEmptySet(b) ? a : (unite(a, b) ?? emptySet);
export const difference = (a: FieldSet, b: FieldSet): FieldSet => (isEmptySet(b) ? a : (subtract(a, b) ?? emptySet));
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => intersect(a, b) ?? emptySet;

/** `a` without the paths of `b` and without everything below them. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return a;
  const members: Record<string, FieldSet> = {};
  for (const element in a) {
    const kept = a[element] ?? emptySet;
    const dropped = b[element];
    if (dropped === undefined) members[element] = kept;
    else if (!isInSet(dropped))
      addMember(members, element, node(isInSet(kept), below(recursiveDifference(below(kept), dropped))));
  }
  return members;
}

export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  const found = path.reduce<FieldSet | undefined>((at, element) => at?.[element], set);
  return found !== undefined && isInSet(found);
}

/** The set of one path. */
export const setOf = (path: readonly string[]): FieldSet =>
  path.reduceRight<FieldSet>((inner, element) => ({ [element]: inner }), emptySet);

export const setOfAll = (paths: readonly (readonly string[])[]): FieldSet => paths.map(setOf).reduce(union, emptySet);

/** All paths, each level's own members before what lies below them, in the order of upstream's messages. */
export function pathsOf(set: FieldSet, prefix: readonly string[] = []): string[][] {
  const elements = Object.keys(set).filter((element) => element !== itself);
  elements.sort(compareElements);
  const own = elements.filter((element) => isInSet(set[element] ?? emptySet)).map((element) => [...prefix, element]);
  const deeper = elements.flatMap((element) => pathsOf(set[element] ?? emptySet, [...prefix, element]));
  return [...own, ...deeper];
}

const ranks = 'fkv';

function compareElements(a: string, b: string): number {
  const byKind = ranks.indexOf(a.charAt(0)) - ranks.indexOf(b.charAt(0));
  return byKind !== 0 ? byKind : a < b ? -1 : 1;
}

/** Collects the paths of a walk into a set. The nodes on the way to where the walk is are kept at hand. */
export class FieldSetBuilder {
  readonly #root: Record<string, FieldSet> = {};
  /** The root, and after it the nodes of the first elements of the path. */
  readonly #way: Record<string, FieldSet>[] = [this.#root];

  /** `path` is where the walk is. */
  add(path: readonly string[]): void {
    if (path.length === 0) return;
    let at = this.#way.at(-1) ?? this.#root;
    for (let depth = this.#way.length - 1; depth < path.length; depth += 1) {
      const element = path[depth] ?? '';
      const next = at[element] ?? {};
      at[element] = next;
      this.#way.push(next);
      at = next;
    }
    at[itself] = emptySet;
  }

  /** To be told whenever the walk leaves a place: only so many elements of its path are still the same. */
  keep(length: number): void {
    if (this.#way.length > length + 1) this.#way.length = length + 1;
  }

  build(): FieldSet {
    return simplified(this.#root);
  }
}

/** `{".": {}}` says the same as `{}`, and is written so. */
function simplified(node: FieldSet): FieldSet {
  const members: Record<string, FieldSet> = {};
  const elements = Object.keys(node);
  if (elements.length === 1 && elements[0] === itself) return emptySet;
  for (const element of elements) members[element] = simplified(node[element] ?? emptySet);
  return members;
}

/** FieldsV1 as a client sent it, checked and in canonical form; undefined when it is not one. */
export function readFieldSet(value: unknown): FieldSet | undefined {
  if (!isRecord(value)) return undefined;
  const members: Record<string, FieldSet> = {};
  for (const [element, child] of Object.entries(value)) {
    const canonical = element === itself ? itself : canonicalElement(element);
    const node = readFieldSet(child);
    if (canonical === undefined || node === undefined) return undefined;
    members[canonical] = node;
  }
  return simplified(members);
}

function canonicalElement(element: string): string | undefined {
  const text = element.slice(2);
  switch (element.slice(0, 2)) {
    case 'f:':
      return element;
    case 'v:':
    case 'i:':
      return readJson(text) === undefined ? undefined : element;
    case 'k:': {
      const keys = readJson(text);
      return isRecord(keys) ? keysElement(Object.entries(keys)) : undefined;
    }
    default:
      return undefined;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the element is refused, and with it the set.
    return undefined;
  }
}

/** `k:{"containerPort":80,"protocol":"TCP"}` */
export function keysElement(keys: readonly (readonly [string, unknown])[]): string {
  const sorted = keys.length < 2 ? keys : [...keys].sort(compareKeys);
  return `k:${JSON.stringify(Object.fromEntries(sorted))}`;
}

/** As upstream's messages write paths: `.spec.containers[name="app"].image`. */
export function formatPath(path: readonly string[]): string {
  return path.map(formatElement).join('');
}

export function formatElement(element: string): string {
  const text = element.slice(2);
  switch (element.slice(0, 2)) {
    case 'f:':
      return `.${text}`;
    case 'v:':
      return `[=${text}]`;
    case 'k:': {
      const keys = Object.entries(readJson(text) ?? {});
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    }
    default:
      return `[${text}]`;
  }
}
