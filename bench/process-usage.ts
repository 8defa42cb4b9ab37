/** What another process uses, from /proc. */

import { readFile } from 'node:fs/promises';

/** Of Linux, on every machine that Node runs on. */
const ticksPerSecond = 100;

export async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** In user and kernel mode: fields 14 and 15, counted from after the program's name. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** What the main thread has computed, in microseconds, to the nanosecond. */
export async function mainThreadMicroseconds(pid: number): Promise<number> {
  return (await mainThreadSeconds(pid)).computing * 1e6;
}

/** How long the main thread had something to do: it computed, or waited for a core. */
export interface ThreadSeconds {
  readonly computing: number;
  readonly waiting: number;
}

export async function mainThreadSeconds(pid: number): Promise<ThreadSeconds> {
  const [computing, waiting] = (await readFile(`/proc/${pid}/task/${pid}/schedstat`, 'utf8')).split(' ');
  return { computing: Number(computing) / 1e9, waiting: Number(waiting) / 1e9 };
}
