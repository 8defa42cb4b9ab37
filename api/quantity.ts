/**
 * Quantities: `500m`, `1.5Gi`, `1e3`. Exact, in whole thousand-millionths, so that nothing is lost to floating point.
 * Reading, rounding and the canonical text follow upstream's `resource.Quantity`.
 */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export interface Quantity {
  /** The amount times 10⁹. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

/** The text is no quantity; the message is upstream's. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const nano = 1_000_000_000n;
/** More cannot be said in powers of 1024: what is larger is this. */
const largestBinary = (2n ** 63n - 1n) * nano;
/** Nobody means more digits than these; larger exponents would only burn time. */
const maxExponent = 400;
/** As many digits as that exponent has, and then some: reading more takes the square of their number. */
const maxLength = 512;

const pattern = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(.*)$/s;
const suffixPattern = /^([eEinumkKMGTP]*)([-+]?[0-9]*)$/;

const decimalSuffixes = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const binarySuffixes = new Map([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
]);

const wrongFormat = () =>
  new QuantityError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");

interface Parts {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
  readonly suffix: string;
}

/** Reads a quantity exactly; throws `QuantityError`. */
export function readQuantity(text: string): Quantity {
  const parts = split(text);
  const { exponent, base, format } = readSuffix(parts.suffix);
  const digits = BigInt(`${parts.whole}${parts.fraction}` || '0');
  const numerator = base === 2 ? (digits << BigInt(exponent)) * nano : digits;
  const scale = base === 2 ? -parts.fraction.length : exponent - parts.fraction.length + 9;
  const magnitude = scale >= 0 ? numerator * 10n ** BigInt(scale) : divideUp(numerator, 10n ** BigInt(-scale));
  const capped = base === 2 && magnitude > largestBinary ? largestBinary : magnitude;
  return {
    nanos: parts.negative ? -capped : capped,
    format: format === 'BinarySI' && magnitude < nano ? 'DecimalSI' : format,
  };
}

function split(text: string): Parts {
  if (text.length > maxLength) throw new QuantityError(`quantities may have ${maxLength} characters at most`);
  const [, sign, whole, fraction, suffix] = pattern.exec(text) ?? [];
  if (sign === undefined || whole === undefined || suffix === undefined) throw wrongFormat();
  if (text === '') throw wrongFormat();
  if (!suffixPattern.test(suffix)) throw wrongFormat();
  return { negative: sign === '-', whole, fraction: fraction ?? '', suffix };
}

function readSuffix(suffix: string): { exponent: number; base: 2 | 10; format: QuantityFormat } {
  const decimal = decimalSuffixes.get(suffix);
  if (decimal !== undefined) return { exponent: decimal, base: 10, format: 'DecimalSI' };
  const binary = binarySuffixes.get(suffix);
  if (binary !== undefined) return { exponent: binary, base: 2, format: 'BinarySI' };
  if (!/^[eE][-+]?[0-9]+$/.test(suffix)) throw new QuantityError("unable to parse quantity's suffix");
  const exponent = Math.max(-maxExponent, Math.min(maxExponent, Number(suffix.slice(1))));
  return { exponent, base: 10, format: 'DecimalExponent' };
}

/** Fractions below the smallest unit count as one: asking for a little must not become asking for nothing. */
function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

/** The canonical text: no fraction, the largest suffix that loses nothing. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  if (format === 'BinarySI' && nanos % nano === 0n && magnitudeOf(nanos) >= 1024n * nano) return inBinary(nanos / nano);
  const { digits, exponent } = inThousands(nanos);
  if (format === 'DecimalExponent') return exponent === 0 ? `${digits}` : `${digits}e${exponent}`;
  const suffix = [...decimalSuffixes].find(([, power]) => power === exponent)?.[0];
  return suffix === undefined ? `${digits}e${exponent}` : `${digits}${suffix}`;
}

const magnitudeOf = (value: bigint): bigint => (value < 0n ? -value : value);

function inBinary(whole: bigint): string {
  let rest = whole;
  let shown = '';
  for (const suffix of binarySuffixes.keys()) {
    if (rest % 1024n !== 0n) break;
    rest /= 1024n;
    shown = suffix;
  }
  return `${rest}${shown}`;
}

function inThousands(nanos: bigint): { digits: bigint; exponent: number } {
  let digits = nanos;
  let exponent = -9;
  while (digits % 1000n === 0n) {
    digits /= 1000n;
    exponent += 3;
  }
  return { digits, exponent };
}

/**
 * The text that upstream stores: what is canonical but for its spelling (`+1`, `1e3`, `01Mi`) stays as it was written,
 * everything else becomes canonical. Throws `QuantityError`.
 */
export function canonicalQuantity(text: string): string {
  const trimmed = text.trim();
  // Three digits of any unit are canonical; of the largest binary one, there may be more than can be held.
  if (/^[1-9][0-9]{0,2}(?:[numkMGTPE]|[KMGTP]i)?$/.test(trimmed)) return trimmed;
  const quantity = readQuantity(trimmed);
  if (keepsText(trimmed)) return trimmed;
  return formatQuantity(quantity);
}

/** Upstream's shortcut for numbers of few digits. */
function keepsText(text: string): boolean {
  const { whole, fraction, suffix } = split(text);
  const { base, exponent } = readSuffix(suffix);
  const digits = `${whole.replace(/^0+/, '') || '0'}${fraction}`;
  if (base === 2) {
    const isShort = digits.length + Math.trunc((exponent * 3) / 10) + 1 <= 15;
    return fraction === '' && isShort && BigInt(digits) % 8n !== 0n;
  }
  const scale = exponent - fraction.length;
  const isShort = digits.length <= 18 && scale >= -9;
  return isShort && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

/** The amount as a number, for arithmetic where the last digits don't matter. Throws `QuantityError`. */
export function parseQuantity(text: string): number {
  return Number(readQuantity(text.trim()).nanos) / 1e9;
}

/** Less than zero when `a` is the smaller one. Both must be quantities. */
export function compareQuantities(a: string, b: string): number {
  const difference = readQuantity(a).nanos - readQuantity(b).nanos;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Whole units, rounded up: upstream's `Value()`. */
export function wholeUnits(quantity: Quantity): bigint {
  return ceilDivide(quantity.nanos, nano);
}

/** Thousandths, rounded up: upstream's `MilliValue()`. */
export function milliUnits(quantity: Quantity): bigint {
  return ceilDivide(quantity.nanos, 1_000_000n);
}

function ceilDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value > 0n && value % divisor !== 0n ? quotient + 1n : quotient;
}

/** Rounded up to thousandths, as amounts of resources are stored. */
export function roundUpToMilli(quantity: Quantity): Quantity {
  return { ...quantity, nanos: milliUnits(quantity) * 1_000_000n };
}
