/** Ranges of IPv4 addresses, as an `ipBlock` of a policy means them. Pure. */

import { formatIp, parseCidr, parseIp } from '../../api/net.ts';

/** Both ends belong to it. */
export interface AddressRange {
  readonly from: number;
  readonly to: number;
}

const lastAddress = 0xffff_ffff;

/** What a block covers; undefined when one of its texts is no network. Nothing of a block of IPv6. */
export function rangesOfBlock(cidr: string, except: readonly string[] = []): AddressRange[] | undefined {
  const outer = rangeOf(cidr);
  const inner = except.map(rangeOf);
  if (outer === undefined || inner.includes(undefined)) return undefined;
  const gaps = mergeRanges(inner.flatMap((range) => range ?? []));
  const [block] = outer;
  if (block === undefined) return [];
  const left: AddressRange[] = [];
  let from = block.from;
  for (const gap of gaps) {
    if (gap.to < from || gap.from > block.to) continue;
    if (gap.from > from) left.push({ from, to: gap.from - 1 });
    from = gap.to + 1;
  }
  return from <= block.to ? [...left, { from, to: block.to }] : left;
}

/** The same addresses in order, no two ranges that meet or touch. */
export function mergeRanges(ranges: readonly AddressRange[]): AddressRange[] {
  const merged: AddressRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || range.from > last.to + 1) merged.push(range);
    else if (range.to > last.to) merged[merged.length - 1] = { from: last.from, to: range.to };
  }
  return merged;
}

export const coversAll = ([first]: readonly AddressRange[]): boolean => first?.from === 0 && first.to === lastAddress;

export const isInRanges = (ranges: readonly AddressRange[], address: string): boolean => {
  const value = Number(parseIp(address)?.value ?? -1n);
  return ranges.some(({ from, to }) => value >= from && value <= to);
};

/** `10.0.0.1`, or `10.0.0.1-10.0.0.9`. */
export function formatRange({ from, to }: AddressRange): string {
  const text = (value: number) => formatIp({ family: 4, value: BigInt(value) });
  return from === to ? text(from) : `${text(from)}-${text(to)}`;
}

/** Undefined when it is no network, none when it is one of IPv6. */
function rangeOf(cidr: string): AddressRange[] | undefined {
  const network = parseCidr(cidr);
  if (network === undefined) return undefined;
  if (network.family === 6) return [];
  const from = Number(network.address);
  return [{ from, to: from + 2 ** (32 - network.prefixLength) - 1 }];
}
