/** Signatures of functions, written as documentation writes them: `string.charAt(int): string`, `size(list(A)): int`. */

import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  opaqueType,
  optionalOf,
  parameter,
  stringType,
  timestampType,
  typeType,
  uintType,
} from '../types/cel-type.ts';

const named: Readonly<Record<string, CelType>> = {
  bool: boolType,
  int: intType,
  uint: uintType,
  double: doubleType,
  string: stringType,
  bytes: bytesType,
  null: nullType,
  dyn: dynType,
  timestamp: timestampType,
  duration: durationType,
  type: typeType,
};

/** Types that libraries add, by their names. Names have dots, so that `kubernetes.URL.getHost` is a method. */
export const opaqueNames = [
  'kubernetes.URL',
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.NamedFormat',
  'kubernetes.authorization.Authorizer',
  'kubernetes.authorization.PathCheck',
  'kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.Decision',
] as const;

export interface Signature {
  readonly text: string;
  readonly name: string;
  readonly isMethod: boolean;
  /** What a method is called on comes first. */
  readonly parameters: readonly CelType[];
  readonly result: CelType;
}

export function readSignature(text: string): Signature {
  const open = argumentsAt(text);
  const head = text.slice(0, open);
  const close = closingAt(text, open);
  const { target, name } = splitHead(head);
  const parameters = splitTypes(text.slice(open + 1, close)).map(readType);
  return {
    text,
    name,
    isMethod: target !== undefined,
    parameters: target === undefined ? parameters : [target, ...parameters],
    result: readType(text.slice(close + 3)),
  };
}

/** Where the arguments open: a receiver such as `list(A)` has brackets of its own. */
function argumentsAt(text: string): number {
  const first = text.indexOf('(');
  const close = closingAt(text, first);
  return text[close + 1] === '.' ? text.indexOf('(', close) : first;
}

function closingAt(text: string, open: number): number {
  let depth = 0;
  for (let index = open; index < text.length; index += 1) {
    if (text[index] === '(') depth += 1;
    if (text[index] === ')') depth -= 1;
    if (depth === 0) return index;
  }
  throw new Error(`no signature: ${text}`);
}

/** Before the last dot stands a type, or it is all one name: `ip.isCanonical`. */
function splitHead(head: string): { target: CelType | undefined; name: string } {
  const dot = head.lastIndexOf('.');
  const target = dot > 0 && !head.startsWith('cel.@') ? typeOf(head.slice(0, dot)) : undefined;
  return target === undefined ? { target, name: head } : { target, name: head.slice(dot + 1) };
}

function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index <= text.length; index += 1) {
    if (text[index] === '(') depth += 1;
    if (text[index] === ')') depth -= 1;
    if (index < text.length && (text[index] !== ',' || depth > 0)) continue;
    const part = text.slice(start, index).trim();
    if (part !== '') parts.push(part);
    start = index + 1;
  }
  return parts;
}

export function readType(text: string): CelType {
  const type = typeOf(text);
  if (type === undefined) throw new Error(`no type: ${text}`);
  return type;
}

function typeOf(text: string): CelType | undefined {
  const plain = named[text];
  if (plain !== undefined) return plain;
  if (/^[A-Z]$/.test(text)) return parameter(text);
  if (opaqueNames.some((name) => name === text)) return opaqueType(text);
  const [, name, inner = ''] = /^(list|map|optional|type)\((.*)\)$/.exec(text) ?? [];
  const [first, second] = splitTypes(inner).map(readType);
  if (name === 'list' && first) return listOf(first);
  if (name === 'optional' && first) return optionalOf(first);
  if (name === 'type' && first) return { kind: 'type', of: first };
  return name === 'map' && first && second ? mapOf(first, second) : undefined;
}
