/**
 * What several kinds of writes cost, beside each other: short slices taken in turn, so that whatever else the machine
 * does falls on all. Of each, how many a second there were, and the computing time of the server's main thread.
 */

import type { Connection } from '../client/connection.ts';
import { LoadConnection, type LoadRequest } from './load.ts';
import { mainThreadMicroseconds } from './process-usage.ts';

export interface Writes {
  readonly name: string;
  /** The n-th of them, from 0. */
  next(n: number): LoadRequest;
}

export interface WriteCost {
  readonly name: string;
  /** Medians of the slices. */
  readonly perSecond: number;
  readonly microseconds: number;
}

const connections = 32;
const writesPerSlice = 400;
/** Until everything is compiled. */
const warmUpRounds = 4;
const rounds = 12;

/** The costs of `cases`, in their order. */
export async function costOfWrites(
  connection: Connection,
  pid: number,
  cases: readonly Writes[],
): Promise<WriteCost[]> {
  const open = await Promise.all(Array.from({ length: connections }, () => LoadConnection.open(connection)));
  const measured = cases.map(() => ({ rates: [] as number[], computing: [] as number[], written: 0 }));
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    for (const [index, writes] of cases.entries()) {
      const of = measured[index];
      if (of === undefined) continue;
      const first = of.written;
      of.written += writesPerSlice;
      const { seconds, microseconds } = await slice(open, pid, (n) => writes.next(first + n));
      if (round < 0) continue;
      of.rates.push(writesPerSlice / seconds);
      of.computing.push(microseconds / writesPerSlice);
    }
  }
  for (const one of open) one.close();
  return cases.map(({ name }, index) => ({
    name,
    perSecond: median(measured[index]?.rates ?? []),
    microseconds: median(measured[index]?.computing ?? []),
  }));
}

async function slice(open: readonly LoadConnection[], pid: number, next: (n: number) => LoadRequest) {
  const begin = performance.now();
  const before = await mainThreadMicroseconds(pid);
  let sent = 0;
  await Promise.all(
    open.map(async (one) => {
      while (sent < writesPerSlice) {
        const request = next(sent++);
        const { code, body } = await one.send(request);
        if (code >= 300) throw new Error(`${request.method} ${request.path} was answered with ${code}: ${body}`);
      }
    }),
  );
  const microseconds = (await mainThreadMicroseconds(pid)) - before;
  return { seconds: (performance.now() - begin) / 1000, microseconds };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
