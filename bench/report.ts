/** What benchmarks print: a table of figures, each beside its raw limit where it has one, and whether it is reached. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { percentile } from './load.ts';

export interface Measurement {
  readonly name: string;
  readonly operations: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Row {
  readonly name: string;
  /** With its unit. */
  readonly figure: string;
  /** The raw limit or the goal, with what it is. */
  readonly beside?: string;
  readonly isReached?: boolean;
}

export const perSecond = ({ operations, seconds }: Measurement): number => operations / seconds;

/** Runs `operation` for about `durationMs` with so many under way at a time. */
export async function measure(
  name: string,
  options: { readonly inFlight: number; readonly durationMs: number },
  operation: (n: number) => Promise<unknown>,
): Promise<Measurement> {
  const latencies: number[] = [];
  const begin = performance.now();
  let started = 0;
  await Promise.all(
    Array.from({ length: options.inFlight }, async () => {
      while (performance.now() - begin < options.durationMs) {
        const n = started;
        started += 1;
        const sent = performance.now();
        await operation(n);
        latencies.push(performance.now() - sent);
      }
    }),
  );
  return summarize(name, latencies, (performance.now() - begin) / 1000);
}

export function summarize(name: string, latenciesMs: readonly number[], seconds: number): Measurement {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  return {
    name,
    operations: sorted.length,
    seconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  };
}

/** A rate and its latencies; beside `raw`, as a share of it, to be at least `atLeast` of it. */
export function rateRow(measured: Measurement, raw?: Measurement, atLeast?: number): Row {
  const rate = perSecond(measured);
  const figure = `${formatCount(rate)}/s  p50 ${formatMs(measured.p50Ms)}  p99 ${formatMs(measured.p99Ms)}`;
  if (raw === undefined) return { name: measured.name, figure };
  const share = rate / perSecond(raw);
  const goal = atLeast === undefined ? '' : `, to be ${atLeast.toFixed(2)} ×`;
  return {
    name: measured.name,
    figure,
    beside: `${share.toFixed(2)} × ${raw.name} (${formatCount(perSecond(raw))}/s${goal})`,
    ...(atLeast !== undefined && { isReached: share >= atLeast }),
  };
}

/** A figure that must not exceed `limit`. */
export function limitRow(name: string, figure: number, limit: number, unit: 'ms' | 'MB'): Row {
  const format = unit === 'ms' ? formatMs : (value: number) => `${value.toFixed(0)} MB`;
  return { name, figure: format(figure), beside: `to be ≤ ${format(limit)}`, isReached: figure <= limit };
}

export function printReport(title: string, rows: readonly Row[]): void {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const figureWidth = Math.max(...rows.map(({ figure }) => figure.length));
  const lines = rows.map(({ name, figure, beside = '', isReached }) => {
    const mark = isReached === undefined ? ' ' : isReached ? '✓' : '✗';
    return `  ${mark} ${name.padEnd(nameWidth)}  ${figure.padEnd(figureWidth)}  ${beside}`.trimEnd();
  });
  process.stdout.write(`\n${title}\n${lines.join('\n')}\n`);
}

/** What this process holds once garbage is collected, in megabytes: heap and buffers. */
export function heldMegabytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}

export const formatMs = (ms: number): string =>
  ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : ms >= 10 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(2)} ms`;

export const formatCount = (count: number): string =>
  Math.round(count).toLocaleString('en-US', { useGrouping: count >= 10_000 });
