/** The options of exec, attach, port-forward and proxy, which are in no document: what webhooks may make of them. */

import { isRecord, type JsonRecord } from '../../../api/json-record.ts';

const kinds: readonly string[] = [
  ...['PodExecOptions', 'PodAttachOptions', 'PodPortForwardOptions'],
  ...['PodProxyOptions', 'ServiceProxyOptions', 'NodeProxyOptions'],
];

export const isConnectOptions = (kind: string): boolean => kinds.includes(kind);

const isListOf = (type: 'string' | 'number', value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === type);

const fields: Readonly<Record<string, (value: unknown) => boolean>> = {
  kind: (value) => typeof value === 'string',
  apiVersion: (value) => typeof value === 'string',
  metadata: isRecord,
  ...Object.fromEntries(['stdin', 'stdout', 'stderr', 'tty'].map((name) => [name, isBoolean])),
  container: (value) => typeof value === 'string',
  command: (value) => isListOf('string', value),
  ports: (value) => isListOf('number', value),
  path: (value) => typeof value === 'string',
};

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

/** What is known of them. Throws for a value that cannot be one. */
export function connectOptions(changed: JsonRecord): JsonRecord {
  const known = Object.entries(changed).filter(([name, value]) => Object.hasOwn(fields, name) && value !== null);
  for (const [name, value] of known)
    if (fields[name]?.(value) !== true) throw new Error(`json: cannot unmarshal into field ${name}`);
  return Object.fromEntries(known);
}
