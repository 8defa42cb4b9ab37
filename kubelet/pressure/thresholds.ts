/**
 * Thresholds of eviction signals, as flags say them: `memory.available<100Mi,nodefs.available<10%`. Syntax, defaults and
 * what is refused are upstream's. Pure.
 */

import { type Quantity, readQuantity } from '../../api/quantity.ts';
import { parseDurationMs } from '../../base/duration.ts';
import { errorText } from '../../base/error-text.ts';
import { UserError } from '../../base/user-error.ts';
import { isSignal, type Observation, type Signal } from './signals.ts';

/** An amount of the signal's own, or a share of what there is. */
export type ThresholdValue =
  | { readonly type: 'amount'; readonly quantity: Quantity }
  | { readonly type: 'share'; readonly share: number };

export interface Threshold {
  readonly signal: Signal;
  readonly value: ThresholdValue;
  /** 0: a hard one. */
  readonly gracePeriodMs: number;
  /** So much more than the threshold is to be free before it counts as over. */
  readonly minReclaim: ThresholdValue | undefined;
}

/** What an administrator wrote; undefined: nothing. */
export interface ThresholdTexts {
  readonly hard: string | undefined;
  readonly soft: string | undefined;
  readonly softGracePeriod: string | undefined;
  readonly minimumReclaim: string | undefined;
}

export const defaultHardThresholds =
  'imagefs.available<15%,imagefs.inodesFree<5%,memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%';

/** Whoever says one hard threshold says all of them. Throws `UserError`. */
export function parseThresholds(texts: ThresholdTexts): Threshold[] {
  const minimums = parseMinimums(texts.minimumReclaim);
  const periods = parsePeriods(texts.softGracePeriod);
  const hard = parseStatements('--eviction-hard', texts.hard ?? defaultHardThresholds).map((one) => ({
    ...one,
    gracePeriodMs: 0,
  }));
  const soft = parseStatements('--eviction-soft', texts.soft ?? '').map((one) => {
    const gracePeriodMs = periods.get(one.signal);
    if (gracePeriodMs === undefined)
      throw new UserError(
        `--eviction-soft-grace-period: grace period must be specified for the soft eviction threshold ${one.signal}`,
      );
    return { ...one, gracePeriodMs };
  });
  return [...hard, ...soft].flatMap((one) => {
    const threshold = { ...one, minReclaim: minimums.get(one.signal) };
    // What all pods together have is short when the machine is, or when they have grown into what is reserved.
    return one.signal === 'memory.available' && one.gracePeriodMs === 0
      ? [threshold, { ...threshold, signal: 'allocatableMemory.available' as const }]
      : [threshold];
  });
}

type Statement = Pick<Threshold, 'signal' | 'value'>;

function parseStatements(flag: string, text: string): Statement[] {
  const found = new Map<Signal, Statement>();
  for (const [name, value] of pairsOf(flag, text, '<')) {
    const signal = signalOf(flag, name);
    const parsed = parseThresholdValue(flag, signal, value);
    if (parsed !== undefined) found.set(signal, { signal, value: parsed });
    else found.delete(signal);
  }
  return [...found.values()];
}

function signalOf(flag: string, name: string): Signal {
  if (!isSignal(name) || name === 'allocatableMemory.available')
    throw new UserError(`${flag}: unrecognized eviction signal ${name}`);
  return name;
}

/** Undefined: 0% and 100% switch a threshold off. */
function parseThresholdValue(flag: string, signal: Signal, text: string): ThresholdValue | undefined {
  if (text === '0%' || text === '100%') return undefined;
  const value = parseValue(flag, text);
  if (value.type === 'share' && value.share < 0)
    throw new UserError(`${flag}: eviction percentage threshold ${signal} must be >= 0%: ${text}`);
  if (value.type === 'share' && value.share > 1)
    throw new UserError(`${flag}: eviction percentage threshold ${signal} must be <= 100%: ${text}`);
  if (value.type === 'amount' && value.quantity.nanos <= 0n)
    throw new UserError(`${flag}: eviction threshold ${signal} must be positive: ${text}`);
  return value;
}

function parseValue(flag: string, text: string): ThresholdValue {
  if (text.endsWith('%')) {
    const percents = text.slice(0, -1);
    if (!/^[+-]?\d+(\.\d+)?$/.test(percents)) throw new UserError(`${flag}: ${text} is no percentage`);
    return { type: 'share', share: Number(percents) / 100 };
  }
  try {
    return { type: 'amount', quantity: readQuantity(text) };
  } catch (error) {
    throw new UserError(`${flag}: ${text}: ${errorText(error)}`, { cause: error });
  }
}

function parsePeriods(text: string | undefined): ReadonlyMap<Signal, number> {
  const flag = '--eviction-soft-grace-period';
  return new Map(
    pairsOf(flag, text ?? '', '=').map(([name, value]) => {
      const ms = parseDurationMs(value);
      if (ms === undefined) throw new UserError(`${flag}: time: invalid duration "${value}"`);
      if (ms < 0)
        throw new UserError(`${flag}: invalid eviction grace period specified: ${value}, must be a positive value`);
      return [signalOf(flag, name), ms];
    }),
  );
}

function parseMinimums(text: string | undefined): ReadonlyMap<Signal, ThresholdValue> {
  const flag = '--eviction-minimum-reclaim';
  return new Map(
    pairsOf(flag, text ?? '', '=').map(([name, value]) => {
      const signal = signalOf(flag, name);
      const parsed = parseValue(flag, value);
      if (parsed.type === 'share' ? parsed.share <= 0 : parsed.quantity.nanos < 0n)
        throw new UserError(`${flag}: negative eviction minimum reclaim specified for ${signal}`);
      return [signal, parsed];
    }),
  );
}

function pairsOf(flag: string, text: string, separator: '<' | '='): [string, string][] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.map((part) => {
    const at = part.indexOf(separator);
    if (at < 0) throw new UserError(`${flag}: malformed pair, expect string${separator}string: ${part}`);
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  });
}

/** In the signal's own unit. */
export function amountOf(value: ThresholdValue, { capacity }: Pick<Observation, 'capacity'>): number {
  return value.type === 'share' ? Math.floor(capacity * value.share) : Number(value.quantity.nanos) / 1e9;
}
