/** How much of a disk folders take, also while somebody writes there. */

import { execFile } from 'node:child_process';
import { lstat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ifFilePresent } from '../../base/if-file-present.ts';

const run = promisify(execFile);
const patienceMs = 60_000;

export interface TreeSize {
  readonly bytes: number;
  readonly inodes: number;
}

/**
 * Of each folder, on its own file system alone; those that are not there are left out. A file with several names counts
 * once, where it is found first. By programs of the lowest priority, unless it is urgent: whoever serves pods comes first.
 */
export async function measureTrees(
  folders: readonly string[],
  { isUrgent = false }: { readonly isUrgent?: boolean } = {},
): Promise<ReadonlyMap<string, TreeSize>> {
  const niceness = isUrgent ? '0' : '19';
  const found = await Promise.all(folders.map((folder) => ifFilePresent(lstat(folder))));
  const present = folders.filter((_, index) => found[index] !== undefined);
  if (present.length === 0) return new Map();
  const bytes = await sumUp(['--block-size=1'], present, niceness);
  const inodes = await sumUp(['--inodes'], present, niceness);
  return new Map(
    present.flatMap((folder, index) => {
      const [size, count] = [bytes[index], inodes[index]];
      return size === undefined || count === undefined ? [] : [[folder, { bytes: size, inodes: count }] as const];
    }),
  );
}

/** One number for each folder, in their order. */
async function sumUp(unit: readonly string[], folders: readonly string[], niceness: string): Promise<number[]> {
  // du(1) follows no link. A file that goes while it looks makes it complain, and the rest still counts.
  const args = ['-n', niceness, 'du', '--summarize', '--one-file-system', '--null', ...unit, '--', ...folders];
  const { stdout } = await run('nice', args, { timeout: patienceMs }).catch((error: unknown) => {
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string' && error.stdout !== '')
      return { stdout: error.stdout };
    throw error;
  });
  const lines = stdout.split('\0').filter((line) => line !== '');
  // A folder inside another one would not be told of again, nor one that went meanwhile.
  const numbers = new Map(lines.map((line) => [line.slice(line.indexOf('\t') + 1), Number.parseInt(line, 10)]));
  return folders.map((folder) => numbers.get(folder) ?? 0);
}
