/** Versions as semver.org 2.0.0 orders them. Pure. */

const pattern =
  /^(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

export const isVersion = (text: string): boolean => text.length <= 64 && pattern.test(text);

/** Less than zero when `a` is the older one. Build metadata does not count. */
export function compareVersions(a: string, b: string): number {
  const [, ...left] = pattern.exec(a) ?? [];
  const [, ...right] = pattern.exec(b) ?? [];
  for (const part of [0, 1, 2]) {
    const order = compareNumerals(left[part] ?? '0', right[part] ?? '0');
    if (order !== 0) return order;
  }
  return comparePreReleases(left[3], right[3]);
}

/** What has none is newer than what has one. */
function comparePreReleases(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const [left, right] = [a.split('.'), b.split('.')];
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareIdentifiers(part, other);
    if (order !== 0) return order;
  }
  return left.length < right.length ? -1 : 0;
}

function compareIdentifiers(a: string, b: string): number {
  const [isNumber, isOtherNumber] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)];
  if (isNumber && isOtherNumber) return compareNumerals(a, b);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

const compareNumerals = (a: string, b: string): number => (BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0);
