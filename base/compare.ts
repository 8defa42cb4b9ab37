/** Orders for `sort`. Pure. */

/** By code unit, as Go compares strings: never by the language of the machine. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Entries of an object or a map, by key. */
export const compareKeys = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number =>
  compareText(a, b);
