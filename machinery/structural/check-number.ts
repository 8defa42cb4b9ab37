/**
 * The bounds of numbers. Upstream reads bounds as fractions, but compares whole numbers with their whole part, and tells
 * of a bound that is no value of the number's own type.
 */

import { goNumber, isInt64, isWhole } from './json-type.ts';
import type { Outcome } from './outcome.ts';
import type { NumberRules } from './value-schema.ts';

/** How many checks were made. */
export function checkNumber(rules: NumberRules | undefined, value: number, path: string, outcome: Outcome): number {
  if (rules === undefined) return 2;
  checkRange(rules, value, 'Checked', path, outcome);
  const { multipleOf, minimum, maximum } = rules;
  if (multipleOf !== undefined) {
    const isFit = checkRange(rules, multipleOf, 'MultipleOf', path, outcome);
    checkMultiple(value, multipleOf, isFit && isInt64(value), path, outcome);
  }
  if (minimum !== undefined) checkMinimum(rules, minimum, value, path, outcome);
  if (maximum !== undefined) checkMaximum(rules, maximum, value, path, outcome);
  return 2;
}

const int32Limit = 2 ** 31;
const maxFloat32 = 3.4028234663852886e38;

/** Whether the number is one of the type and format. */
function checkRange({ type, format }: NumberRules, value: number, what: string, path: string, outcome: Outcome) {
  if (isInRange(type, format, value)) return true;
  const shape = format === '' ? '(default format)' : `with format ${format}`;
  outcome.add({ kind: 'unplaced', path, message: `${what} value must be of type ${type} ${shape} in ${path}` });
  return false;
}

function isInRange(type: NumberRules['type'], format: string, value: number): boolean {
  if (type === 'number') return format !== 'float' || Math.abs(value) <= maxFloat32;
  if (type === '') return true;
  return format === 'int32' ? isInt64(value) && value >= -int32Limit && value < int32Limit : isInt64(value);
}

function checkMultiple(value: number, factor: number, areWhole: boolean, path: string, outcome: Outcome): void {
  const divisor = areWhole ? Math.trunc(factor) : factor;
  if (divisor <= 0) {
    const message = `factor MultipleOf declared for ${path} must be positive: ${goNumber(divisor)}`;
    outcome.add({ kind: 'invalid', path, value: divisor, message });
    return;
  }
  const quotient = divisor < 1 ? (1 / divisor) * value : value / divisor;
  const isMultiple = areWhole ? value % divisor === 0 : isWhole(quotient);
  if (isMultiple) return;
  const message = `${path} in body should be a multiple of ${goNumber(divisor)}`;
  outcome.add({ kind: 'invalid', path, value, message });
}

function checkMinimum(rules: NumberRules, minimum: number, value: number, path: string, outcome: Outcome): void {
  const bound = boundFor(rules, minimum, value, 'Minimum boundary', path, outcome);
  const { exclusiveMinimum: isExclusive } = rules;
  if (isExclusive ? value > bound : value >= bound) return;
  const than = isExclusive ? 'greater than' : 'greater than or equal to';
  outcome.add({ kind: 'invalid', path, value, message: `${path} in body should be ${than} ${goNumber(bound)}` });
}

function checkMaximum(rules: NumberRules, maximum: number, value: number, path: string, outcome: Outcome): void {
  const bound = boundFor(rules, maximum, value, 'Maximum boundary', path, outcome);
  const { exclusiveMaximum: isExclusive } = rules;
  if (isExclusive ? value < bound : value <= bound) return;
  const than = isExclusive ? 'less than' : 'less than or equal to';
  outcome.add({ kind: 'invalid', path, value, message: `${path} in body should be ${than} ${goNumber(bound)}` });
}

/** What the value is really compared with. */
function boundFor(rules: NumberRules, bound: number, value: number, what: string, path: string, outcome: Outcome) {
  const isFit = checkRange(rules, bound, what, path, outcome);
  return isFit && isInt64(value) ? Math.trunc(bound) : bound;
}
