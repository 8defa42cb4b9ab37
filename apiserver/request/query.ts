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

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A Go duration (`1m30s`) in milliseconds; undefined: not one. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^([+-]?)(\d+\.?\d*(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number = '0', unit = 's'] of text.matchAll(/(\d+\.?\d*)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * (units[unit] ?? 0);
  }
  return text.startsWith('-') ? -total : total;
}
