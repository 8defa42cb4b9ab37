/** Reads a configuration field by field: what is missing, unknown or not what it should be is noted with its path. Pure. */

import { parseDurationMs } from '../base/duration.ts';
import { isRecord, own } from './json-record.ts';

/** Notes what is wrong, in upstream's words. */
export class ConfigurationErrors {
  readonly #lines: string[] = [];

  get lines(): readonly string[] {
    return this.#lines;
  }

  invalid(path: string, value: unknown, detail: string): void {
    this.#lines.push(`${path}: Invalid value: ${JSON.stringify(value)}: ${detail}`);
  }

  required(path: string, detail = ''): void {
    this.#lines.push(`${path}: Required value${detail === '' ? '' : `: ${detail}`}`);
  }

  duplicate(path: string, value: unknown): void {
    this.#lines.push(`${path}: Duplicate value: ${JSON.stringify(value)}`);
  }

  forbidden(path: string, detail: string): void {
    this.#lines.push(`${path}: Forbidden: ${detail}`);
  }

  unsupported(path: string, value: unknown, supported: readonly string[]): void {
    const known = supported.map((one) => JSON.stringify(one)).join(', ');
    this.#lines.push(`${path}: Unsupported value: ${JSON.stringify(value)}: supported values: ${known}`);
  }
}

export interface IntegerRange {
  readonly from: number;
  readonly to: number;
  /** What is said of a number out of the range. */
  readonly detail: string;
}

/** The fields of one object of the configuration. */
export class Fields {
  readonly path: string;
  readonly errors: ConfigurationErrors;
  readonly #record: Readonly<Record<string, unknown>>;

  constructor(value: unknown, path: string, errors: ConfigurationErrors) {
    this.path = path;
    this.errors = errors;
    const isMissing = value === undefined || value === null;
    if (!isMissing && !isRecord(value)) errors.invalid(path, value, 'must be an object');
    this.#record = isRecord(value) ? value : {};
  }

  /** Every field that may be there; others are noted. */
  allow(...names: readonly string[]): this {
    for (const name of Object.keys(this.#record))
      if (!names.includes(name)) this.errors.forbidden(this.pathOf(name), `unknown field ${JSON.stringify(name)}`);
    return this;
  }

  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /** Of the fields that are there. */
  get names(): readonly string[] {
    return Object.keys(this.#record);
  }

  /** Undefined where the field is missing or null. */
  value(name: string): unknown {
    return own(this.#record, name) ?? undefined;
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  text(name: string): string | undefined {
    return this.#typed(name, 'a string', isText);
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, 'true or false', isFlag);
  }

  /** One of `known`. */
  choice<T extends string>(name: string, known: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = known.find((one) => one === text);
    if (found === undefined) this.errors.unsupported(this.pathOf(name), text, known);
    return found;
  }

  integer(name: string, { from, to, detail }: IntegerRange): number | undefined {
    const value = this.#typed(name, 'an integer', isInteger);
    if (value !== undefined && (value < from || value > to)) this.errors.invalid(this.pathOf(name), value, detail);
    return value;
  }

  /** `15s`, `1m30s`, `500ms`, in milliseconds. */
  duration(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const ms = parseDurationMs(text);
    if (ms === undefined) this.errors.invalid(this.pathOf(name), text, 'must be a duration, such as "15s"');
    return ms;
  }

  texts(name: string): readonly string[] {
    return this.#list(name).map((value, i) => {
      if (typeof value === 'string') return value;
      this.errors.invalid(`${this.pathOf(name)}[${i}]`, value, 'must be a string');
      return '';
    });
  }

  record(name: string): Fields | undefined {
    return this.has(name) ? new Fields(this.value(name), this.pathOf(name), this.errors) : undefined;
  }

  list(name: string): readonly Fields[] {
    return this.#list(name).map((value, i) => new Fields(value, `${this.pathOf(name)}[${i}]`, this.errors));
  }

  #list(name: string): readonly unknown[] {
    return this.#typed(name, 'a list', isList) ?? [];
  }

  #typed<T>(name: string, type: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (is(value)) return value;
    this.errors.invalid(this.pathOf(name), value, `must be ${type}`);
    return undefined;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
