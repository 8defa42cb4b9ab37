/** Reading a configuration field by field: what is not of the type that it should be, or unknown, is noted. Pure. */

import { isRecord, own } from '../../api/json-record.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';

export interface FieldsOf {
  readonly path: FieldPath;
  readonly errors: FieldErrors;
  /** Every field that may be there. */
  allow(...names: readonly string[]): void;
  text(name: string): string | undefined;
  /** Empty when it is missing, which is noted. */
  requiredText(name: string): string;
  texts(name: string): readonly string[];
  flag(name: string): boolean | undefined;
  record(name: string): FieldsOf | undefined;
  list(name: string): readonly FieldsOf[];
  /** Notes that it must be there; stands for it without a field. */
  missing(name: string): FieldsOf;
}

export function readFields(
  record: Readonly<Record<string, unknown>>,
  { path, errors }: Pick<FieldsOf, 'path' | 'errors'>,
): FieldsOf {
  const fieldValue = <T>(name: string, type: string, is: (value: unknown) => value is T): T | undefined => {
    const value = own(record, name);
    if (value === undefined || value === null) return undefined;
    if (is(value)) return value;
    errors.invalid(path.child(name), value, `must be ${type}`);
    return undefined;
  };
  const fieldsAt = (value: unknown, at: FieldPath): FieldsOf => {
    if (!isRecord(value)) errors.invalid(at, value, 'must be an object');
    return readFields(isRecord(value) ? value : {}, { path: at, errors });
  };
  const fields: FieldsOf = {
    path,
    errors,
    allow(...names) {
      for (const name of Object.keys(record))
        if (!names.includes(name)) errors.forbidden(path.child(name), `unknown field "${name}"`);
    },
    text: (name) => fieldValue(name, 'a string', isText),
    requiredText(name) {
      const text = fields.text(name) ?? '';
      if (text === '') errors.required(path.child(name));
      return text;
    },
    texts: (name) => fieldValue(name, 'a list of strings', isTexts) ?? [],
    flag: (name) => fieldValue(name, 'true or false', isFlag),
    record(name) {
      const value = own(record, name);
      return value === undefined || value === null ? undefined : fieldsAt(value, path.child(name));
    },
    list: (name) =>
      (fieldValue(name, 'a list', isList) ?? []).map((value, index) => fieldsAt(value, path.child(name).index(index))),
    missing(name) {
      errors.required(path.child(name));
      return readFields({}, { path: path.child(name), errors });
    },
  };
  return fields;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isTexts = (value: unknown): value is readonly string[] => isList(value) && value.every(isText);
