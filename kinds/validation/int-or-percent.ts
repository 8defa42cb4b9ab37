/** Numbers that may also be written as a share: `3` or `"25%"`. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';

const percent = /^[0-9]+%$/;

/** 0 or more, or a share of at most 100 %. */
export function validateNonNegativeIntOrPercent(value: number | string, path: FieldPath, errors: FieldErrors): void {
  validateIntOrPercent(value, path, errors);
  validateAtMostWhole(value, path, errors);
}

/** 0 or more, or any share. */
export function validateIntOrPercent(value: number | string, path: FieldPath, errors: FieldErrors): void {
  if (typeof value === 'string') {
    if (!percent.test(value)) {
      errors.invalid(
        path,
        value,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      );
    }
  } else if (value < 0) errors.invalid(path, value, 'must be greater than or equal to 0');
}

export function validateAtMostWhole(value: number | string, path: FieldPath, errors: FieldErrors): void {
  const share = percentOf(value);
  if (share !== undefined && share > 100) errors.invalid(path, value, 'must not be greater than 100%');
}

/** 25 for "25%"; undefined for plain numbers and other texts. */
function percentOf(value: number | string): number | undefined {
  return typeof value === 'string' && percent.test(value) ? Number.parseInt(value, 10) : undefined;
}

/** Nothing at all: 0, "0%", and also a text that is neither a share nor a number. */
export function isNone(value: number | string): boolean {
  if (typeof value === 'number') return value === 0;
  return (percentOf(value) ?? (/^[+-]?\d+$/.test(value) ? Number(value) : 0)) === 0;
}
