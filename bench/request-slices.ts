/**
 * What several kinds of requests cost their servers, beside each other: short slices taken in turn, so that whatever
 * else the machine does falls on all. Rates say nothing of a few percent while other programs share the machine;
 * computing time does.
 */

import type { Connection } from '../client/connection.ts';
import { LoadConnection, type LoadRequest } from './load.ts';
import { mainThreadMicroseconds, processMicroseconds } from './process-usage.ts';

export interface Way {
  readonly name: string;
  /** Of the server. */
  readonly pid: number;
  readonly connection: Connection;
  /** The n-th request, from 0. */
  next(n: number): LoadRequest;
}

/** Medians of the slices. */
export interface Cost {
  readonly name: string;
  readonly perSecond: number;
  /** Of the server's main thread, for a request. */
  readonly microseconds: number;
  /** Of all its threads. */
  readonly processMicroseconds: number;
}

export interface SliceOptions {
  readonly requestsPerSlice: number;
  /** Until everything is compiled. */
  readonly warmUpRounds: number;
  readonly rounds: number;
}

const connections = 32;

type Slice = Omit<Cost, 'name'>;

/** The costs of `ways`, in their order. */
export async function costsOf(ways: readonly Way[], options: SliceOptions): Promise<Cost[]> {
  const open = await Promise.all(ways.map(({ connection }) => openAll(connection)));
  const slices: Slice[][] = ways.map(() => []);
  for (let round = 0; round < options.warmUpRounds + options.rounds; round += 1) {
    for (const [index, way] of ways.entries()) {
      const first = round * options.requestsPerSlice;
      const slice = await measureSlice(way, open[index] ?? [], first, options.requestsPerSlice);
      if (round >= options.warmUpRounds) slices[index]?.push(slice);
    }
  }
  for (const one of open.flat()) one.close();
  return ways.map(({ name }, index) => ({ name, ...medianSlice(slices[index] ?? []) }));
}

const openAll = (connection: Connection): Promise<LoadConnection[]> =>
  Promise.all(Array.from({ length: connections }, () => LoadConnection.open(connection)));

async function measureSlice(way: Way, open: readonly LoadConnection[], first: number, count: number): Promise<Slice> {
  const begin = performance.now();
  const before = { main: await mainThreadMicroseconds(way.pid), all: await processMicroseconds(way.pid) };
  let sent = 0;
  await Promise.all(
    open.map(async (one) => {
      while (sent < count) {
        const request = way.next(first + sent++);
        const { code, body } = await one.send(request);
        if (code >= 300) throw new Error(`${request.method} ${request.path} was answered with ${code}: ${body}`);
      }
    }),
  );
  return {
    microseconds: ((await mainThreadMicroseconds(way.pid)) - before.main) / count,
    processMicroseconds: ((await processMicroseconds(way.pid)) - before.all) / count,
    perSecond: count / ((performance.now() - begin) / 1000),
  };
}

const medianSlice = (slices: readonly Slice[]): Slice => ({
  perSecond: median(slices.map(({ perSecond }) => perSecond)),
  microseconds: median(slices.map(({ microseconds }) => microseconds)),
  processMicroseconds: median(slices.map(({ processMicroseconds }) => processMicroseconds)),
});

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
