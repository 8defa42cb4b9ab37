/** What the command line holds, read as what a command needs. */

import { parseDurationMs } from '../base/duration.ts';
import { UserError } from '../base/user-error.ts';

/** What yargs parsed: positionals and options by name. */
export type Arguments = Readonly<Record<string, unknown>>;

export function textOf(args: Arguments, name: string): string | undefined {
  const value = args[name];
  return value === undefined || value === null ? undefined : String(Array.isArray(value) ? value.at(-1) : value);
}

export function textsOf(args: Arguments, name: string): string[] {
  const value = args[name];
  return value === undefined || value === null ? [] : (Array.isArray(value) ? value : [value]).map(String);
}

export const isSet = (args: Arguments, name: string): boolean => args[name] === true;

/** A whole number, from `minimum` on. */
export function countOf(args: Arguments, name: string, minimum = 0): number {
  const text = textOf(args, name) ?? '';
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < minimum || value > 2 ** 31 - 1) {
    throw new UserError(`${name} must be a whole number${minimum === 0 ? '' : ` from ${minimum} on`}, not "${text}"`);
  }
  return value;
}

/** `300ms`, `60s`, `1m30s`, `2h`, or a bare number of seconds. */
export function durationMs(text: string, name: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  throw new UserError(`${name} must be a duration such as 60s, 1m30s or 500ms, not "${text}"`);
}
