/**
 * Validation results: which field is wrong and why, in the words of upstream's field errors
 * (`spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive`).
 */

import { goQuote } from '../api/go-text.ts';
import { qualifiedName } from '../api/resource.ts';
import { type ResourceName, StatusError } from '../api/status-error.ts';

export type FieldReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueNotFound'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

export interface FieldError {
  readonly reason: FieldReason;
  readonly field: string;
  /** The whole text after the field's path, e.g. `Required value` or `Invalid value: 0: must be positive`. */
  readonly message: string;
}

/** A place in an object: `spec.containers[0].name`, `metadata.labels[app]`. Immutable. */
export class FieldPath {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** The object itself; as a path of its own it shows as `<nil>`. */
  static readonly root = new FieldPath('');
  static of(...names: string[]): FieldPath {
    return names.reduce((path, name) => path.child(name), FieldPath.root);
  }

  child(...names: string[]): FieldPath {
    return names.reduce(
      (path: FieldPath, name) => new FieldPath(path.#text === '' ? name : `${path.#text}.${name}`),
      this,
    );
  }

  index(index: number): FieldPath {
    return new FieldPath(`${this.#text}[${index}]`);
  }

  key(key: string): FieldPath {
    return new FieldPath(`${this.#text}[${key}]`);
  }

  /** The place around this one: without its last name. */
  parent(): FieldPath {
    return new FieldPath(this.#text.slice(0, Math.max(0, this.#text.lastIndexOf('.'))));
  }

  /** The list that this item is in. */
  withoutIndex(): FieldPath {
    return new FieldPath(this.#text.replace(/\[[^[\]]*\]$/, ''));
  }

  toString(): string {
    return this.#text;
  }
}

/** How Go prints a value in a field error: strings quoted, objects and lists as JSON that is safe in HTML. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return goQuote(value);
  const json = JSON.stringify(value) ?? String(value);
  return json.replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** How many things that are wrong are told: nobody reads more, and each may show all of a large object. */
export const maxErrors = 1000;
const maxTextLength = 256 * 1024;

/**
 * Collects what is wrong, in the order it is found (the order is part of the answer). Beyond a bound it stops listening:
 * an object with 100,000 mistakes is answered with the first of them.
 */
export class FieldErrors {
  readonly list: FieldError[] = [];
  #textLength = 0;

  get empty(): boolean {
    return this.list.length === 0;
  }

  get #isFull(): boolean {
    return this.list.length >= maxErrors || this.#textLength >= maxTextLength;
  }

  add(reason: FieldReason, path: FieldPath, message: string): void {
    this.#add(reason, path, () => message);
  }

  /** The message may take long to make: nobody does for one that is not kept. */
  #add(reason: FieldReason, path: FieldPath, messageOf: () => string): void {
    if (this.#isFull) return;
    const field = path.toString();
    const message = messageOf();
    this.#textLength += field.length + message.length;
    this.list.push({ reason, field, message });
  }

  required(path: FieldPath, detail = ''): void {
    this.add('FieldValueRequired', path, detail === '' ? 'Required value' : `Required value: ${detail}`);
  }

  invalid(path: FieldPath, value: unknown, detail: string): void {
    this.#add('FieldValueInvalid', path, () => `Invalid value: ${shown(value)}${detail === '' ? '' : `: ${detail}`}`);
  }

  /** The message names the type that there is and the one that is wanted. */
  typeInvalid(path: FieldPath, value: unknown, message: string): void {
    this.#add('FieldValueTypeInvalid', path, () => `Invalid value: ${shown(value)}: ${message}`);
  }

  notSupported(path: FieldPath, value: unknown, supported: readonly string[]): void {
    this.#add('FieldValueNotSupported', path, () => {
      const values = supported.map((one) => JSON.stringify(one)).join(', ');
      return `Unsupported value: ${shown(value)}${values === '' ? '' : `: supported values: ${values}`}`;
    });
  }

  duplicate(path: FieldPath, value: unknown): void {
    this.#add('FieldValueDuplicate', path, () => `Duplicate value: ${shown(value)}`);
  }

  forbidden(path: FieldPath, detail: string): void {
    this.add('FieldValueForbidden', path, detail === '' ? 'Forbidden' : `Forbidden: ${detail}`);
  }

  notFound(path: FieldPath, value: unknown): void {
    this.#add('FieldValueNotFound', path, () => `Not found: ${shown(value)}`);
  }

  /** `maxBytes` is said in the message; upstream leaves the value out of it. */
  tooLong(path: FieldPath, maxBytes: number): void {
    this.add('FieldValueTooLong', path, `Too long: may not be more than ${maxBytes} bytes`);
  }

  tooMany(path: FieldPath, actual: number, max: number): void {
    this.add('FieldValueTooMany', path, `Too many: ${actual}: must have at most ${max} items`);
  }
}

/** 422 for `name` of `kind` (the Kind's own name, e.g. `Pod`), one cause for each error. */
export function invalidObject(
  target: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const qualified = qualifiedName(target.kind, target.group);
  // Each error is a cause of its own, but the text says nothing twice.
  const texts = errors.map((error) => `${error.field === '' ? '<nil>' : error.field}: ${error.message}`);
  const lines = [...new Set(texts)];
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  return new StatusError(422, 'Invalid', `${qualified} "${name}" is invalid${text === undefined ? '' : `: ${text}`}`, {
    ...(name !== '' && { name }),
    ...(target.group !== '' && { group: target.group }),
    ...(target.kind !== '' && { kind: target.kind }),
    causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}

export type { ResourceName };
