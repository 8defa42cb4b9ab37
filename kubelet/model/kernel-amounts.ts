/** Amounts of CPU and memory in the kernel's units, rounded as it does. Pure. */

import { milliUnits, parseQuantity, readQuantity } from '../../api/quantity.ts';

/** Microseconds. */
export const cpuPeriod = 100_000;
const minCpuQuota = 1_000;
export const minCpuShares = 2;
const maxCpuShares = 262_144;
const pageBytes = 4096;

export const cpuSharesOf = (milli: number): number =>
  clamp(Math.floor((milli * 1024) / 1000), minCpuShares, maxCpuShares);

/** Microseconds in each period; 0: no limit. */
export const cpuQuotaOf = (milli: number): number =>
  milli === 0 ? 0 : Math.max(minCpuQuota, Math.floor((milli * cpuPeriod) / 1000));

/** As the kernel rounds; but a limit below one page stays one, instead of becoming "no limit". */
export const wholePages = (bytes: number): number =>
  bytes === 0 ? 0 : Math.max(pageBytes, Math.floor(bytes / pageBytes) * pageBytes);

/** What is not there is 0. */
export const milliOf = (quantity: unknown): number =>
  quantity === undefined ? 0 : Number(milliUnits(readQuantity(String(quantity))));

export const bytesOf = (quantity: unknown): number => (quantity === undefined ? 0 : parseQuantity(String(quantity)));

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
