/** Query parameters as Go's API machinery reads them, with its words for what it cannot read. */

import { badRequest } from '../../api/status-error.ts';

/** Anything but `0` and `false` is true, even an empty value. */
export const isTrue = (value: string): boolean => value !== '0' && value.toLowerCase() !== 'false';

export function booleanParameter(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : isTrue(value);
}

/** A signed 64-bit number. */
export function integerParameter(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  return value === null ? undefined : parseInteger(value);
}

function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = BigInt(text);
  if (value !== BigInt.asIntN(64, value)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return Number(value);
}
