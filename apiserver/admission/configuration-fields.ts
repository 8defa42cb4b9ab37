/** Reading the documents that configure plugins: by name and type, strictly. What is mistyped stops the start. */

import { isRecord } from '../../api/json-record.ts';
import { UserError } from '../../base/user-error.ts';

/** The message says where, and what is wrong. */
export class ConfigurationError extends UserError {}

/** The fields of a document of one kind. */
export function readDocument(
  document: unknown,
  kind: string,
  apiVersions: readonly string[],
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  const fields = readFields(document, '', ['apiVersion', 'kind', ...known]);
  if (fields.kind !== kind || !apiVersions.some((version) => version === fields.apiVersion)) {
    const given = `${String(fields.apiVersion)}, Kind=${String(fields.kind)}`;
    throw new ConfigurationError(`expected ${apiVersions[0]}, Kind=${kind}, got ${given}`);
  }
  return fields;
}

/** Absent: no fields. */
export function readFields(value: unknown, place: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw new ConfigurationError(`${place || 'the document'}: must be an object`);
  for (const name of Object.keys(value)) {
    const path = place === '' ? name : `${place}.${name}`;
    if (!known.includes(name)) throw new ConfigurationError(`unknown field "${path}"`);
  }
  return value;
}

/** Absent: empty. */
export function readText(value: unknown, place: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new ConfigurationError(`${place}: must be a string`);
  return value;
}

export function readTexts(value: unknown, place: string): readonly string[] {
  return readList(value, place).map((item, index) => {
    if (typeof item !== 'string') throw new ConfigurationError(`${place}[${index}]: must be a string`);
    return item;
  });
}

export function readList(value: unknown, place: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new ConfigurationError(`${place}: must be a list`);
  return value;
}

/** Absent: 0. */
export function readInteger(value: unknown, place: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new ConfigurationError(`${place}: must be an integer`);
  }
  return value;
}
