/** What another process uses, from /proc. */

import { readdir, readFile } from 'node:fs/promises';

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

/** What all of its threads have computed, in microseconds: garbage is collected, and files are read, beside the main one. */
export async function processMicroseconds(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const seconds = await Promise.all(threads.map((thread) => threadSeconds(pid, thread)));
  return seconds.reduce((sum, { computing }) => sum + computing, 0) * 1e6;
}

/** How long the main thread had something to do: it computed, or waited for a core. */
export interface ThreadSeconds {
  readonly computing: number;
  readonly waiting: number;
}

export const mainThreadSeconds = (pid: number): Promise<ThreadSeconds> => threadSeconds(pid, String(pid));

async function threadSeconds(pid: number, thread: string): Promise<ThreadSeconds> {
  const [computing, waiting] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ');
  return { computing: Number(computing) / 1e9, waiting: Number(waiting) / 1e9 };
}
