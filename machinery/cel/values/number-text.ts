/** Numbers as Go writes them. */

/** `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest text, with an exponent where it is very large or small. */
export function showDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 21) return plainDouble(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** `strconv.FormatFloat(value, 'f', -1, 64)`: never an exponent. */
export function plainDouble(value: number): string {
  const text = value.toString();
  if (!text.includes('e')) return text;
  const [digits = '', exponentText = '0'] = text.split('e');
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(digits) ?? [];
  const exponent = Number(exponentText);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(exponent, '0')}`;
}

const doublePattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** As Go reads doubles; undefined for what is none. */
export function readDouble(text: string): number | undefined {
  const plain = text.toLowerCase();
  const [, sign, name] = /^([+-]?)(inf|infinity|nan)$/.exec(plain) ?? [];
  if (name !== undefined) return name === 'nan' ? Number.NaN : sign === '-' ? -Infinity : Infinity;
  if (!doublePattern.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** As Go reads whole numbers in base 10. */
export function readWhole(text: string): bigint | undefined {
  return /^[+-]?\d{1,40}$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
}
