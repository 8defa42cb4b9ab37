/**
 * What one GET costs its server in computing time, in several ways beside each other. Rates say nothing of a few
 * percent while other programs share the machine; computing time does, in short slices taken in turn.
 */

import type { Connection } from '../client/connection.ts';
import { LoadConnection } from './load.ts';
import { mainThreadMicroseconds } from './process-usage.ts';

export interface Way {
  readonly name: string;
  /** Of the server. */
  readonly pid: number;
  readonly connection: Connection;
}

const connections = 32;
const requestsPerSlice = 1_500;
/** Until everything is compiled. */
const warmUpRounds = 6;
const rounds = 40;

/** Microseconds of each way, in their order: the median of its slices. */
export async function cpuPerGet(path: string, ways: readonly Way[]): Promise<number[]> {
  const open = await Promise.all(ways.map(({ connection }) => openAll(connection)));
  const slices: number[][] = ways.map(() => []);
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    for (const [index, way] of ways.entries()) {
      const microseconds = await slice(path, way.pid, open[index] ?? []);
      if (round >= 0) slices[index]?.push(microseconds);
    }
  }
  for (const one of open.flat()) one.close();
  return slices.map(median);
}

const openAll = (connection: Connection): Promise<LoadConnection[]> =>
  Promise.all(Array.from({ length: connections }, () => LoadConnection.open(connection)));

async function slice(path: string, pid: number, open: readonly LoadConnection[]): Promise<number> {
  const before = await mainThreadMicroseconds(pid);
  let left = requestsPerSlice;
  await Promise.all(
    open.map(async (one) => {
      while (left > 0) {
        left -= 1;
        const { code } = await one.send({ method: 'GET', path });
        if (code !== 200) throw new Error(`GET ${path} was answered with ${code}`);
      }
    }),
  );
  return ((await mainThreadMicroseconds(pid)) - before) / requestsPerSlice;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
