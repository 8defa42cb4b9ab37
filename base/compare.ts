/** Orders for `sort`. Pure. */

/**
 * As Go compares strings, by their UTF-8 bytes: never by the language of the machine. JavaScript's `<` compares UTF-16
 * code units, for which halves of astral characters come before U+E000.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rankOfUnit(left) - rankOfUnit(right);
  }
  return a.length - b.length;
}

/** Halves of astral characters after all that one unit can say. */
const rankOfUnit = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Entries of an object or a map, by key. */
export const compareKeys = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number =>
  compareText(a, b);
