/** What a call may cost, and how large its result may be: upstream's formulas, by function and overload. */

import type { CostRange } from '../environment.ts';
import type { Expression } from '../syntax/expression.ts';
import type { CelType } from '../types/cel-type.ts';
import { authorizationCost, perCharacter, perPatternCharacter } from './call-costs.ts';
import { add, mostCost, multiply, noCost, range, scale, union, unknownSize } from './ranges.ts';
import { type EntrySizes, typeSizeOf, unionOfEntries } from './sizes.ts';

/** An argument, or what a method is called on. */
export interface Operand {
  readonly node: Expression;
  readonly type: CelType;
  readonly size: CostRange;
  readonly entries: EntrySizes | undefined;
  readonly declared: CelType | undefined;
}

export interface CallToEstimate {
  readonly name: string;
  readonly signature: string;
  readonly target: Operand | undefined;
  readonly args: readonly Operand[];
  readonly argCosts: readonly CostRange[];
}

export interface CallEstimate {
  readonly cost: CostRange;
  readonly size?: CostRange;
  readonly entries?: EntrySizes | undefined;
}

export function estimateCall(call: CallToEstimate): CallEstimate {
  const own = named[call.name]?.(call) ?? bySignature(call);
  if (call.signature.startsWith('_&&_') || call.signature.startsWith('_||_') || call.signature.startsWith('_?_:_'))
    return own;
  return { ...own, cost: call.argCosts.reduce(add, own.cost) };
}

type Estimate = (call: CallToEstimate) => CallEstimate | undefined;

const one = range(1);
const sizeOf = (operand: Operand | undefined): CostRange => operand?.size ?? unknownSize;
const fixed =
  (cost: number): Estimate =>
  () => ({ cost: range(cost) });
const nominal = fixed(1);
const authorization = fixed(authorizationCost);

const traversal: Estimate = ({ target }) => {
  if (target === undefined) return undefined;
  if (target.type.kind !== 'list') return { cost: scale(target.size, perCharacter) };
  const { element } = target.type;
  const isText = element.kind === 'string' || element.kind === 'bytes';
  const each = isText ? add(one, scale(itemSizeOf(target), perCharacter)) : one;
  return { cost: multiply(target.size, each) };
};

/** Only what a schema says of items counts here. */
function itemSizeOf({ declared }: Operand): CostRange {
  return (declared?.kind === 'list' ? typeSizeOf(declared.element) : undefined) ?? unknownSize;
}

const ofText =
  (of: 'target' | 'argument', isResult = false, times = 1): Estimate =>
  (call) => {
    const operand = of === 'target' ? call.target : call.args[0];
    if (operand === undefined) return undefined;
    return { cost: scale(operand.size, times * perCharacter), ...(isResult && { size: operand.size }) };
  };

/** Upstream's estimates of these look at the argument of a method only, which is how they came to cost one. */
const ofMethodArgument =
  (times = 1): Estimate =>
  ({ target, args }) =>
    target && args[0] ? { cost: scale(args[0].size, times * perCharacter) } : undefined;

const pattern: Estimate = ({ target, args }) => {
  if (target === undefined || args[0] === undefined) return undefined;
  return { cost: patternCost(target.size, args[0].size), size: range(0, target.size.max) };
};

const patternCost = (subject: CostRange, expression: CostRange): CostRange =>
  multiply(scale(add(subject, one), perCharacter), scale(expression, perPatternCharacter));

const replace: Estimate = ({ target, args }) => {
  if (target === undefined || args.length < 2) return undefined;
  const [subject, part, by] = [target.size, sizeOf(args[0]), sizeOf(args[1])];
  const most = longestReplacement(subject, part, by);
  const least = shortestReplacement(subject, part, by);
  const size = add(multiply(range(least.count, most.count), by), range(least.kept, most.kept));
  return { cost: scale(subject, 2 * perCharacter), size };
};

interface Replacement {
  readonly count: number;
  readonly kept: number;
}

function longestReplacement(subject: CostRange, part: CostRange, by: CostRange): Replacement {
  if (part.min === 0) return { count: Math.min(subject.max + 1, mostCost), kept: subject.max };
  if (by.max <= part.min) return { count: 0, kept: subject.max };
  return { count: Math.ceil(subject.max / part.min), kept: 0 };
}

function shortestReplacement(subject: CostRange, part: CostRange, by: CostRange): Replacement {
  if (part.max === 0) return { count: Math.min(subject.min + 1, mostCost), kept: subject.min };
  if (part.max <= by.min) return { count: 0, kept: subject.min };
  return { count: Math.ceil(subject.min / part.max), kept: 0 };
}

const split: Estimate = ({ target, args }) => {
  if (target === undefined) return undefined;
  const limit = args[1]?.node;
  const literal = limit?.kind === 'literal' && typeof limit.value === 'bigint' ? Number(limit.value) : undefined;
  const most = literal === undefined || literal < 0 ? target.size.max : literal;
  return { cost: scale(target.size, 2 * perCharacter), size: range(0, most) };
};

const join: Estimate = ({ target, args }) => {
  if (target === undefined) return undefined;
  const { size: count } = target;
  const items = target.type.kind === 'list' ? multiply(count, itemSizeOf(target)) : noCost;
  const between = range(Math.max(0, count.min - 1), Math.max(0, count.max - 1));
  const size = args[0] === undefined ? items : add(items, multiply(args[0].size, between));
  return { cost: scale(size, perCharacter), size };
};

/** The bytes of an IPv4 or IPv6 address. */
const addressBytes = range(4, 16);

const within =
  (isNetwork: boolean): Estimate =>
  ({ target, args, signature }) => {
    if (target === undefined || args[0] === undefined) return undefined;
    const compared = scale(add(addressBytes, addressBytes), perCharacter);
    const masked = isNetwork ? add(scale(addressBytes, perCharacter), one) : noCost;
    const read = signature.includes('(string)') ? scale(args[0].size, perCharacter) : noCost;
    return { cost: add(add(compared, masked), read) };
  };

/** Of a call that makes a list of that size. */
const listMaking = (size: CostRange, each = 1): CallEstimate => ({ cost: add(scale(size, each), range(11)), size });

/** What is written, or `otherwise` where it is computed. */
function literalOf(operand: Operand | undefined, otherwise: number): number {
  const value = operand?.node.kind === 'literal' ? operand.node.value : undefined;
  return typeof value === 'bigint' ? Math.max(0, Number(value)) : otherwise;
}

const slice: Estimate = ({ target, args: [start, end] }) => {
  const size = literalOf(end, sizeOf(target).max) - literalOf(start, 0);
  return listMaking(range(size < 0 ? mostCost : size));
};

const selfComparing =
  (isBySeparateKeys: boolean): Estimate =>
  ({ signature, target, args }) => {
    const size = sizeOf(isBySeparateKeys ? args[0] : target);
    return listMaking(multiply(size, size), textKeys.test(signature) ? 2 + perCharacter : 2);
  };
const textKeys = /list\((?:string|bytes)\)/;

const product: Estimate = ({ args: [a, b] }) => ({ cost: multiply(sizeOf(a), sizeOf(b)) });

const named: Readonly<Record<string, Estimate>> = {
  check: authorization,
  ...Object.fromEntries(
    ['serviceAccount', 'path', 'group', 'resource', 'subresource', 'namespace', 'name', 'allowed', 'reason']
      .concat(['error', 'errored', 'fieldSelector', 'labelSelector', 'masked', 'prefixLength', 'family'])
      .concat(['isUnspecified', 'isLoopback', 'isLinkLocalMulticast', 'isLinkLocalUnicast', 'isGlobalUnicast'])
      .concat(['sign', 'asInteger', 'isInteger', 'asApproximateFloat', 'isGreaterThan', 'isLessThan', 'compareTo'])
      .concat(['add', 'sub', 'major', 'minor', 'patch'])
      .map((name) => [name, nominal]),
  ),
  isSorted: traversal,
  sum: traversal,
  max: traversal,
  min: traversal,
  indexOf: traversal,
  lastIndexOf: traversal,
  slice,
  reverse: ({ target }) => listMaking(sizeOf(target)),
  'lists.range': ({ args: [end] }) => listMaking(range(literalOf(end, mostCost))),
  flatten: ({ target, args: [depth] }) =>
    listMaking(sizeOf(target), depth === undefined ? 1 : literalOf(depth, mostCost)),
  distinct: selfComparing(false),
  sort: selfComparing(false),
  '@sortByAssociatedKeys': selfComparing(true),
  url: ofText('argument'),
  lowerAscii: ofText('target', true),
  upperAscii: ofText('target', true),
  substring: ofText('target', true),
  trim: ofText('target', true),
  replace,
  split,
  join,
  find: pattern,
  findAll: pattern,
  cidr: ofMethodArgument(),
  isIP: ofMethodArgument(),
  isCIDR: ofMethodArgument(),
  'ip.isCanonical': ofMethodArgument(2),
  quantity: ofMethodArgument(),
  isQuantity: ofMethodArgument(),
  semver: ofMethodArgument(),
  isSemver: ofMethodArgument(),
  ip: ({ target }) => (target === undefined ? undefined : { cost: one }),
  containsIP: within(false),
  containsCIDR: within(true),
  validate: ({ args }) => ({ cost: scale(sizeOf(args[0]), perCharacter) }),
  'sets.contains': product,
  'sets.intersects': product,
  'sets.equivalent': product,
};

function bySignature(call: CallToEstimate): CallEstimate {
  const { signature, target, args, argCosts } = call;
  const [first, second, third] = args;
  switch (signature) {
    case 'string.format(list(dyn)): string':
      return { cost: scale(sizeOf(target), perCharacter) };
    case 'bytes(string): bytes':
      return {
        cost: scale(sizeOf(first), perCharacter),
        size: range(sizeOf(first).min, Math.min(sizeOf(first).max * 4, mostCost)),
      };
    case 'string(bytes): string':
      return {
        cost: scale(sizeOf(first), perCharacter),
        size: range(Math.floor(sizeOf(first).min / 4), sizeOf(first).max),
      };
    case 'strings.quote(string): string':
      return {
        cost: scale(sizeOf(first), perCharacter),
        size: range(sizeOf(first).min + 2, Math.min(sizeOf(first).max * 2 + 2, mostCost)),
      };
    case 'string.startsWith(string): bool':
    case 'string.endsWith(string): bool':
      return { cost: scale(sizeOf(first), perCharacter) };
    case '@in(A, list(A)): bool':
      return { cost: sizeOf(second) };
    case 'string.matches(string): bool':
      return { cost: patternCost(sizeOf(target), sizeOf(first)) };
    case 'string.contains(string): bool':
      return { cost: multiply(scale(sizeOf(target), perCharacter), scale(sizeOf(first), perCharacter)) };
    case '_&&_(bool, bool): bool':
    case '_||_(bool, bool): bool':
      return { cost: range(argCosts[0]?.min ?? 0, argCosts.reduce(add, noCost).max) };
    case '_?_:_(bool, A, A): A':
      return {
        cost: add(argCosts[0] ?? noCost, union(argCosts[1] ?? noCost, argCosts[2] ?? noCost)),
        size: union(sizeOf(second), sizeOf(third)),
        entries: unionOfEntries(second?.entries, third?.entries, union),
      };
    default:
      return byOperator(call);
  }
}

const compared = /^_(?:==|!=)_|^_[<>]=?_\((?:string|bytes), /;
const joined = /^_\+_\((?:string, string|bytes, bytes|list\(A\), list\(A\))\)/;

function byOperator({ signature, args: [first, second] }: CallToEstimate): CallEstimate {
  if (compared.test(signature)) {
    const max = Math.min(sizeOf(first).max, sizeOf(second).max);
    return { cost: scale(range(max > 0 ? 1 : 0, max), perCharacter) };
  }
  if (!joined.test(signature)) return { cost: one };
  const size = add(sizeOf(first), sizeOf(second));
  const isList = signature.startsWith('_+_(list');
  const entries = unionOfEntries(first?.entries, second?.entries, union);
  return { cost: isList ? one : scale(size, perCharacter), size, entries };
}
