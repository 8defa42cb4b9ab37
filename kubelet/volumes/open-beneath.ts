/**
 * Opens what lies in a folder that others write to at the same time, without ever leaving it.
 *
 * Links are followed while they stay inside: first the path is resolved, as anyone would, then the resolved path is
 * walked again from one held folder to the next, and there no link is followed at all. Whoever puts a link in the way
 * between the two gets an error.
 */

import { constants } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { errorCode } from '../../base/error-text.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';

/** O_PATH: a handle that names a file and cannot read it, so that opening a device or a pipe does nothing to it. */
const pathOnly = 0o10000000;

/** The path leads out of its folder, by `..` or by links. */
export class PathLeavesFolderError extends Error {
  override readonly name = 'PathLeavesFolderError';
}

export interface OpenBeneathOptions {
  readonly folder: string;
  /** Relative to `folder`. */
  readonly path: string;
  /** What becomes of what is not there. Default: a folder, with the mode of `folder`. */
  readonly missing?: 'make' | 'throw';
}

/**
 * The caller closes the handle, which is good for `stat` and as `/proc/PID/fd/N`.
 */
export async function openBeneath({ folder, path, missing = 'make' }: OpenBeneathOptions): Promise<FileHandle> {
  const root = await realpath(folder);
  const names = await resolveBeneath(root, path);
  let held = await open(root, pathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { mode } = await held.stat();
    for (const name of names) {
      const next = await enter(held, name, missing === 'make' ? mode & 0o7777 : undefined);
      await held.close();
      held = next;
    }
    return held;
  } catch (error) {
    await held.close();
    throw error;
  }
}

/** The names from `root` on, with no links among those that are there now. */
async function resolveBeneath(root: string, path: string): Promise<string[]> {
  const missing: string[] = [];
  let place = join(root, path);
  for (;;) {
    const real = isBeneath(root, place) ? await ifFilePresent(realpath(place)) : undefined;
    if (real !== undefined) return namesBeneath(root, join(real, ...missing));
    if (!isBeneath(root, dirname(place))) throw leaves();
    missing.unshift(basename(place));
    place = dirname(place);
  }
}

function namesBeneath(root: string, path: string): string[] {
  if (!isBeneath(root, path)) throw leaves();
  return relative(root, path)
    .split('/')
    .filter((name) => name !== '');
}

function isBeneath(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith('../');
}

// Where it leads to is not said: whoever wrote the link would learn what there is on the node.
const leaves = (): PathLeavesFolderError => new PathLeavesFolderError('the path leads out of its folder');

/** A child of a held folder, made with `mode` when it is missing. */
async function enter(parent: FileHandle, name: string, mode: number | undefined): Promise<FileHandle> {
  const path = `/proc/self/fd/${parent.fd}/${name}`;
  const made = mode !== undefined && (await makeFolder(path)) === 'made';
  const child = await open(path, pathOnly | constants.O_NOFOLLOW);
  try {
    const found = await child.stat();
    if (found.isSymbolicLink()) throw leaves();
    // By the handle: the name may be another's already.
    if (made && found.isDirectory()) await chmod(`/proc/self/fd/${child.fd}`, mode);
    return child;
  } catch (error) {
    await child.close();
    throw error;
  }
}

async function makeFolder(path: string): Promise<'made' | 'there'> {
  try {
    await mkdir(path);
    return 'made';
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return 'there';
    throw error;
  }
}
