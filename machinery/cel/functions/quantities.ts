/** Quantities: `quantity('1.5Gi')`, their comparison and sums. */

import { type Quantity, QuantityError, readQuantity } from '../../../api/quantity.ts';
import { CelError } from '../cel-error.ts';
import { isInt, OpaqueValue, type Value } from '../values/value.ts';
import { type Declarations, instance, int, text } from './function-table.ts';

const nano = 1_000_000_000n;

export class QuantityValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Quantity';
  readonly quantity: Quantity;
  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof QuantityValue && other.quantity.nanos === this.quantity.nanos;
  }
}

/** Throws `CelError` for what is none. */
export function makeQuantity(source: string): QuantityValue {
  try {
    return new QuantityValue(readQuantity(source));
  } catch (error) {
    if (error instanceof QuantityError) throw new CelError(error.message);
    throw error;
  }
}

export function isQuantity(source: string): boolean {
  try {
    readQuantity(source);
    return true;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}

const nanos = (value: Value | undefined): bigint => instance(value, QuantityValue).quantity.nanos;
const isWhole = (value: Value | undefined): boolean => nanos(value) % nano === 0n && isInt(nanos(value) / nano);

function asInteger(value: Value | undefined): bigint {
  if (!isWhole(value)) throw new CelError('cannot convert value to integer');
  return nanos(value) / nano;
}

const signOf = (value: bigint): bigint => (value > 0n ? 1n : value < 0n ? -1n : 0n);

/** In the format of the first. */
const changed = (value: Value | undefined, by: bigint): QuantityValue => {
  const { quantity } = instance(value, QuantityValue);
  return new QuantityValue({ ...quantity, nanos: quantity.nanos + by });
};

export const quantities: Declarations = [
  ['quantity(string): kubernetes.Quantity', ([a]) => makeQuantity(text(a))],
  ['isQuantity(string): bool', ([a]) => isQuantity(text(a))],
  ['kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool', ([a, b]) => nanos(a) < nanos(b)],
  ['kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool', ([a, b]) => nanos(a) > nanos(b)],
  ['kubernetes.Quantity.compareTo(kubernetes.Quantity): int', ([a, b]) => signOf(nanos(a) - nanos(b))],
  ['kubernetes.Quantity.asApproximateFloat(): double', ([a]) => Number(nanos(a)) / 1e9],
  ['kubernetes.Quantity.asInteger(): int', ([a]) => asInteger(a)],
  ['kubernetes.Quantity.isInteger(): bool', ([a]) => isWhole(a)],
  ['kubernetes.Quantity.sign(): int', ([a]) => signOf(nanos(a))],
  ['kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity', ([a, b]) => changed(a, nanos(b))],
  ['kubernetes.Quantity.add(int): kubernetes.Quantity', ([a, b]) => changed(a, int(b) * nano)],
  ['kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity', ([a, b]) => changed(a, -nanos(b))],
  ['kubernetes.Quantity.sub(int): kubernetes.Quantity', ([a, b]) => changed(a, -int(b) * nano)],
];
