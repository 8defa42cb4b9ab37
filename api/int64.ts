/** Integers of 64 bits in text, as labels and taints have them: JavaScript's own numbers hold only 53. */

/** Decimal, with a sign or without; undefined for what is no integer, and for what does not fit into 64 bits. */
export function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const number = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, number) === number ? number : undefined;
}
