/** What containers and nodes use, as rows of a table. Pure. */

import { milliUnits, readQuantity, wholeUnits } from '../../../api/quantity.ts';

export interface Usage {
  readonly cpu?: string;
  readonly memory?: string;
}

/** In thousandths of a cpu, and bytes. */
export interface Amounts {
  readonly cpu: bigint;
  readonly memory: bigint;
}

export const amountsOf = ({ cpu = '0', memory = '0' }: Usage): Amounts => ({
  cpu: milliUnits(readQuantity(cpu)),
  memory: wholeUnits(readQuantity(memory)),
});

export const sumOf = (all: readonly Amounts[]): Amounts =>
  all.reduce((sum, one) => ({ cpu: sum.cpu + one.cpu, memory: sum.memory + one.memory }), { cpu: 0n, memory: 0n });

const mebibyte = 1n << 20n;

export const shownCpu = ({ cpu }: Amounts): string => `${cpu}m`;
export const shownMemory = ({ memory }: Amounts): string => `${memory / mebibyte}Mi`;

/** `12%`; of nothing it cannot be said. */
export const shareOf = (used: bigint, whole: bigint): string =>
  whole === 0n ? '<unknown>' : `${(used * 100n) / whole}%`;

/** By what is used most, or by name. */
export function inOrder<T extends { readonly name: string; readonly used: Amounts }>(
  rows: readonly T[],
  by: string | undefined,
): T[] {
  if (by !== 'cpu' && by !== 'memory') return rows.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return rows.toSorted((one, other) => Number(other.used[by] - one.used[by]));
}
