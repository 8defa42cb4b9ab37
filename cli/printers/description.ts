/**
 * An object as people read it: fields as titles, one below the other. Metadata first, then what the kind has. Made
 * from the object alone, so it works for every kind, custom ones too. Values of Secrets are not shown, only their size.
 */

import type { KubernetesObject } from '../../api/object.ts';

const indentStep = '  ';
const titleWidth = 14;
/** Fields whose own fields are keys that users chose. */
const maps = new Set([
  ...['annotations', 'data', 'binaryData', 'labels', 'matchLabels', 'nodeSelector', 'selector'],
  ...['allocatable', 'capacity', 'limits', 'requests'],
]);
/** Said elsewhere, or of no use to people. */
const hiddenMetadata = new Set(['managedFields', 'resourceVersion', 'uid', 'generation', 'selfLink']);
const acronyms = new Set(['ip', 'ips', 'uid', 'uri', 'dns', 'cidr', 'url', 'id', 'os', 'ipc', 'pid', 'tls']);

export function renderDescription(object: KubernetesObject): string {
  const { metadata = {}, apiVersion: _, kind, ...rest } = object;
  const shownMetadata = Object.entries(metadata).filter(([name]) => !hiddenMetadata.has(name));
  const lines = [
    ...renderFields(Object.fromEntries(shownMetadata), ''),
    ...renderFields(kind === 'Secret' ? withoutValues(rest) : rest, ''),
  ];
  return `${lines.join('\n')}\n`;
}

function withoutValues(secret: object): object {
  const { data = {}, ...rest }: { data?: Record<string, string> } = secret;
  const sizes = Object.entries(data).map(([key, value]) => [key, `${Buffer.from(value, 'base64').length} bytes`]);
  return { ...rest, data: Object.fromEntries(sizes) };
}

function renderFields(fields: object, indent: string): string[] {
  return Object.entries(fields).flatMap(([name, value]) => renderField(name, value, indent));
}

function renderField(name: string, value: unknown, indent: string): string[] {
  const head = `${indent}${titleOf(name)}:`;
  if (isScalar(value)) return [`${head.padEnd(Math.max(titleWidth, head.length + 1))}${textOf(value, indent)}`];
  if (isEmpty(value)) return [`${head.padEnd(Math.max(titleWidth, head.length + 1))}<none>`];
  if (Array.isArray(value)) return renderList(head, value, indent);
  const entries = Object.entries(value);
  if (maps.has(name) && name !== 'data' && entries.every(([, one]) => isScalar(one))) {
    const [first, ...others] = entries.map(([key, text]) => `${key}=${String(text)}`);
    return [head.padEnd(titleWidth) + first, ...others.map((text) => ' '.repeat(titleWidth) + text)];
  }
  if (maps.has(name)) return [head, ...entries.flatMap(([key, one]) => renderKey(key, one, indent + indentStep))];
  return [head, ...renderFields(value, indent + indentStep)];
}

/** A key stays as it was written. */
const renderKey = (key: string, value: unknown, indent: string): string[] => [
  `${`${indent}${key}:`.padEnd(titleWidth)} ${isScalar(value) ? textOf(value, indent) : JSON.stringify(value)}`,
];

function renderList(head: string, items: readonly unknown[], indent: string): string[] {
  if (items.every(isScalar)) return [`${head.padEnd(titleWidth)}${items.map(String).join(', ')}`];
  return [head, ...items.flatMap((item) => renderItem(item, indent + indentStep))];
}

/** Items with a name or type are titled by it. */
function renderItem(item: unknown, indent: string): string[] {
  if (isScalar(item) || Array.isArray(item)) return [`${indent}- ${JSON.stringify(item)}`];
  const { name, type, ...rest }: { name?: unknown; type?: unknown } = item;
  const title = typeof name === 'string' ? name : type;
  if (typeof title !== 'string') return [`${indent}-`, ...renderFields(item, indent + indentStep)];
  const fields = typeof name === 'string' && type !== undefined ? { type, ...rest } : rest;
  return [`${indent}${title}:`, ...renderFields(fields, indent + indentStep)];
}

const isScalar = (value: unknown): value is string | number | boolean | null | undefined =>
  value === null || typeof value !== 'object';
const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** Further lines of a text are indented below it. */
const textOf = (value: unknown, indent: string): string =>
  String(value)
    .trimEnd()
    .replaceAll('\n', `\n${indent}${' '.repeat(titleWidth)}`);

/** `nodeName` → `Node Name`, `podIP` → `Pod IP`. */
function titleOf(name: string): string {
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) return name;
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(' ');
  return words.map((word) => (acronyms.has(word.toLowerCase()) ? word.toUpperCase() : upperFirst(word))).join(' ');
}

const upperFirst = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
