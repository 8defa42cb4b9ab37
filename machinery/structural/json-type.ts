/** What kind of value of JSON something is, as Go's decoder tells them apart. */

const maxInt64 = 2 ** 63;

/** The name of its type in schemas: a number that fits no integer of Go's is just a number. */
export function typeOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return isInt64(value) ? 'integer' : 'number';
  return typeof value;
}

export const isInt64 = (value: number): boolean => Number.isInteger(value) && Math.abs(value) < maxInt64;

const epsilon = 1e-9;

/** Whether a number is taken for a whole one, although it may be a fraction by very little. */
export function isWhole(value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  const whole = Math.trunc(value);
  if (value === whole) return true;
  return whole !== 0 && Math.abs(value - whole) / (Math.abs(value) + Math.abs(whole)) < epsilon;
}

/** Go's `%v` of a float: the shortest text that reads back, with an exponent below 0.0001 and from 1e21. */
export function goNumber(value: number): string {
  const text = Math.abs(value) < 1e-4 && value !== 0 ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}
