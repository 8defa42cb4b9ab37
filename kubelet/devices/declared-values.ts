/** Attributes and capacities of a device as an administrator writes them, in the form of ResourceSlices. Pure. */

import type { ConfigurationErrors, Fields } from '../../api/configuration-fields.ts';
import { canonicalQuantity } from '../../api/quantity.ts';
import type { NodeDevice } from './node-device.ts';

const attributeName = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z_][A-Za-z0-9_]{0,31}$/;
const version = /^\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]{1,50})?$/;

type Attribute = NodeDevice['attributes'][string];
type Capacity = NodeDevice['capacity'][string];

/** `8`, `true` and `text` are what they look like; `{ version: 1.2.3 }` is a semantic version. */
export function readAttributes(fields: Fields | undefined): Record<string, Attribute> {
  return namedValues(fields, (name, all) => {
    const value = all.value(name);
    if (typeof value === 'boolean') return { bool: value };
    if (typeof value === 'string' && value.length <= 64) return { string: value };
    if (typeof value === 'number' && Number.isSafeInteger(value)) return { int: value };
    const text = all.record(name)?.allow('version').text('version') ?? '';
    if (version.test(text)) return { version: text };
    all.errors.invalid(all.pathOf(name), value, 'must be true or false, an integer, a short text, or {version: 1.2.3}');
    return undefined;
  });
}

/** `40Gi`, or upstream's form with a policy for shares. */
export function readCapacity(fields: Fields | undefined): Record<string, Capacity> {
  return namedValues(fields, (name, all) => {
    const isPlain = typeof all.value(name) !== 'object';
    const one = isPlain ? undefined : all.record(name)?.allow('value', 'requestPolicy');
    const value = one === undefined ? quantityOf(all, name) : quantityOf(one, 'value');
    if (one !== undefined && !one.has('value')) one.errors.required(one.pathOf('value'));
    return value === undefined ? undefined : { value, ...readPolicy(one?.record('requestPolicy')) };
  });
}

function namedValues<T>(
  fields: Fields | undefined,
  read: (name: string, fields: Fields) => T | undefined,
): Record<string, T> {
  if (fields === undefined) return {};
  const found = fields.names.flatMap((name): (readonly [string, T])[] => {
    if (!attributeName.test(name))
      fields.errors.invalid(fields.pathOf(name), name, 'must be a C identifier, with or without a domain');
    const value = read(name, fields);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(found);
}

function readPolicy(fields: Fields | undefined): Pick<Capacity, 'requestPolicy'> {
  if (fields === undefined) return {};
  fields.allow('default', 'validRange', 'validValues');
  const usual = quantityOf(fields, 'default');
  const validRange = readRange(fields.record('validRange'));
  const validValues = fields
    .texts('validValues')
    .flatMap((text, i) => canonical(text, `${fields.pathOf('validValues')}[${i}]`, fields.errors) ?? []);
  return {
    requestPolicy: {
      ...(usual !== undefined && { default: usual }),
      ...(validRange && { validRange }),
      ...(validValues.length > 0 && { validValues }),
    },
  };
}

function readRange(fields: Fields | undefined) {
  if (fields === undefined) return undefined;
  fields.allow('min', 'max', 'step');
  const [min, max, step] = [quantityOf(fields, 'min'), quantityOf(fields, 'max'), quantityOf(fields, 'step')];
  if (!fields.has('min')) fields.errors.required(fields.pathOf('min'));
  if (min === undefined) return undefined;
  return { min, ...(max !== undefined && { max }), ...(step !== undefined && { step }) };
}

const quantityOf = (fields: Fields, name: string): string | undefined =>
  fields.has(name) ? canonical(fields.value(name), fields.pathOf(name), fields.errors) : undefined;

function canonical(value: unknown, path: string, errors: ConfigurationErrors): string | undefined {
  try {
    if (typeof value === 'number' || typeof value === 'string') return canonicalQuantity(String(value));
  } catch {
    // told below
  }
  errors.invalid(path, value, 'must be a quantity, such as 40Gi');
  return undefined;
}
