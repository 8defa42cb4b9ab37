/** What a call costs while an expression runs: upstream's count, by the sizes of what it is given. */

import type { Budget } from '../budget.ts';
import { countCharacters } from '../values/characters.ts';
import { Bytes, ListValue, MapValue, OpaqueValue, type Value } from '../values/value.ts';

export type CallCost = (args: readonly Value[], result: Value, budget: Budget) => number;

/** A character is looked at for a tenth of a step; a pattern has an expression every four characters. */
export const perCharacter = 0.1;
export const perPatternCharacter = 0.25;
/** Two of them fit into the limit of one expression. */
export const authorizationCost = 350_000;

/** As `size` tells it; what has no size counts as one. */
export function sizeOf(value: Value | undefined, budget: Budget): number {
  if (typeof value === 'string') return countCharacters(value, budget);
  if (value instanceof Bytes) return value.value.length;
  if (value instanceof ListValue || value instanceof MapValue) return value.size;
  return value instanceof OpaqueValue ? value.measure : 1;
}

const one: CallCost = () => 1;
const characters =
  (index: number, times = 1): CallCost =>
  (args, _result, budget) =>
    Math.ceil(sizeOf(args[index], budget) * times * perCharacter);

const pattern: CallCost = ([subject, expression], _result, budget) =>
  Math.ceil((1 + sizeOf(subject, budget)) * perCharacter) * Math.ceil(sizeOf(expression, budget) * perPatternCharacter);

const smaller: CallCost = ([a, b], _result, budget) =>
  Math.ceil(Math.min(sizeOf(a, budget), sizeOf(b, budget)) * perCharacter);

const both: CallCost = ([a, b], _result, budget) => Math.ceil((sizeOf(a, budget) + sizeOf(b, budget)) * perCharacter);

const product: CallCost = ([a, b], _result, budget) =>
  Math.ceil(sizeOf(a, budget) * perCharacter) * Math.ceil(sizeOf(b, budget) * perCharacter);

const traversal: CallCost = ([value], _result, budget) => traversalCost(value, budget);

function traversalCost(value: Value | undefined, budget: Budget): number {
  budget.work(1);
  if (typeof value === 'string') return Math.floor(value.length * perCharacter);
  if (value instanceof Bytes) return Math.floor(value.value.length * perCharacter);
  let cost = 0;
  if (value instanceof ListValue) for (const item of value) cost += traversalCost(item, budget);
  else if (value instanceof MapValue)
    for (const key of value.keys()) cost += traversalCost(key, budget) + traversalCost(value.get(key), budget);
  else return 1;
  return cost;
}

/** Comparing the bytes of addresses, as long as the network's are. */
const within =
  (isText: boolean, isNetwork: boolean): CallCost =>
  ([network, other], _result, budget) => {
    const size = sizeOf(network, budget);
    const mask = isNetwork ? Math.ceil(size * perCharacter) + 1 : 0;
    return Math.ceil(2 * size * perCharacter) + mask + (isText ? Math.ceil(sizeOf(other, budget) * perCharacter) : 0);
  };

/** Of a call that makes a list, each of whose items costs so much. */
export const listMakingCost = (size: number, each = 1): number => Math.floor(size * each) + 1 + listCost;
const listCost = 10;

/** Of a call that compares each item with each: texts cost more. */
export function selfComparingCost(items: ListValue): number {
  const first = items.size > 0 ? items.at(0) : undefined;
  return listMakingCost(items.size ** 2, typeof first === 'string' || first instanceof Bytes ? 2 + perCharacter : 2);
}

const listMaking: CallCost = (_args, result, budget) => listMakingCost(sizeOf(result, budget));
const selfComparing =
  (index: number): CallCost =>
  (args) => {
    const items = args[index];
    return items instanceof ListValue ? selfComparingCost(items) : 1;
  };
const flattening: CallCost = ([items, depth = 1n], _result, budget) =>
  listMakingCost(sizeOf(items, budget), typeof depth === 'bigint' ? Number(depth) : 1);

const authorization: CallCost = () => authorizationCost;

/** Kubernetes' own, by name, whichever overload is meant. */
const named: Readonly<Record<string, CallCost>> = {
  check: authorization,
  isSorted: traversal,
  sum: traversal,
  max: traversal,
  min: traversal,
  indexOf: traversal,
  lastIndexOf: traversal,
  slice: listMaking,
  reverse: listMaking,
  'lists.range': listMaking,
  flatten: flattening,
  distinct: selfComparing(0),
  sort: selfComparing(0),
  '@sortByAssociatedKeys': selfComparing(1),
  url: characters(0),
  lowerAscii: characters(0),
  upperAscii: characters(0),
  substring: characters(0),
  trim: characters(0),
  replace: characters(0, 2),
  split: characters(0, 2),
  join: (_args, result, budget) => Math.ceil(sizeOf(result, budget) * 2 * perCharacter),
  find: pattern,
  findAll: pattern,
  cidr: characters(0),
  isIP: characters(0),
  isCIDR: characters(0),
  ip: characters(0),
  'ip.isCanonical': characters(0, 2),
  quantity: characters(0),
  isQuantity: characters(0),
  semver: characters(0),
  isSemver: characters(0),
  validate: ([format, subject], _result, budget) => Math.ceil(sizeOf(subject ?? format ?? null, budget) * perCharacter),
  'format.named': characters(0),
  'sets.contains': ([a, b], _result, budget) => Math.max(1, sizeOf(a, budget) * sizeOf(b, budget)),
  'sets.intersects': ([a, b], _result, budget) => Math.max(1, sizeOf(a, budget) * sizeOf(b, budget)),
  'sets.equivalent': ([a, b], _result, budget) => Math.max(1, sizeOf(a, budget) * sizeOf(b, budget)),
};

/** The language's own, by signature: where types are not known before it runs, a call costs one step. */
const bySignature: Readonly<Record<string, CallCost>> = {
  'string.startsWith(string): bool': characters(1),
  'string.endsWith(string): bool': characters(1),
  'bytes(string): bytes': characters(0),
  'string(bytes): string': characters(0),
  'strings.quote(string): string': characters(0),
  'string.format(list(dyn)): string': characters(0),
  '@in(A, list(A)): bool': ([, items], _result, budget) => sizeOf(items, budget),
  '_==_(A, A): bool': smaller,
  '_!=_(A, A): bool': smaller,
  '_+_(string, string): string': both,
  '_+_(bytes, bytes): bytes': both,
  'string.matches(string): bool': pattern,
  'matches(string, string): bool': pattern,
  'string.contains(string): bool': product,
  'net.CIDR.ip(): net.IP': one,
  'net.CIDR.containsIP(net.IP): bool': within(false, false),
  'net.CIDR.containsIP(string): bool': within(true, false),
  'net.CIDR.containsCIDR(net.CIDR): bool': within(false, true),
  'net.CIDR.containsCIDR(string): bool': within(true, true),
  ...Object.fromEntries(
    ['<', '<=', '>', '>='].flatMap((sign) =>
      ['string', 'bytes'].map((type) => [`_${sign}_(${type}, ${type}): bool`, smaller]),
    ),
  ),
};

/** `signature` where only one overload may be meant. */
export function callCostOf(name: string, signature: string | undefined): CallCost {
  return (signature === undefined ? undefined : bySignature[signature]) ?? named[name] ?? one;
}
