/**
 * Gives a volume to the group of a pod (`fsGroup`): all in it belongs to the group, which may read and write as the
 * owner may, and folders hand the group on to what is made in them. Others may write there at the same time, so no path
 * is followed: every file is held by a descriptor while it is changed, and links are left alone.
 */

import { constants, type Stats } from 'node:fs';
import { chmod, chown, type FileHandle, lchown, open, opendir } from 'node:fs/promises';
import { ifFilePresent } from '../../base/if-file-present.ts';

const pathOnly = 0o10000000;
const setgid = 0o2000;
/** No path is longer than 4096 bytes; each level takes one of the descriptors that the whole kubelet has. */
const deepest = 2048;

export interface FsGroupOptions {
  readonly gid: number;
  /** `OnRootMismatch`: nothing is done when the folder itself is the group's already. Default: always. */
  readonly policy?: string | undefined;
  readonly readOnly: boolean;
}

export async function applyFsGroup(folder: string, options: FsGroupOptions): Promise<void> {
  const root = await open(folder, pathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const found = await root.stat();
    if (options.policy === 'OnRootMismatch' && isDone(found, options)) return;
    // The root goes last: as long as it is not the group's, a kubelet that was killed begins again.
    await changeBelow(root, options, 0);
    await change(root, found, options);
  } finally {
    await root.close();
  }
}

async function changeBelow(parent: FileHandle, options: FsGroupOptions, depth: number): Promise<void> {
  if (depth > deepest) throw new Error(`there are folders more than ${deepest} deep in the volume`);
  // Not all names at once: a pod may have made millions of them.
  for await (const { name } of await opendir(`/proc/self/fd/${parent.fd}`)) {
    const path = `/proc/self/fd/${parent.fd}/${name}`;
    const child = await ifFilePresent(open(path, pathOnly | constants.O_NOFOLLOW));
    if (child === undefined) continue;
    try {
      const found = await child.stat();
      if (found.isSymbolicLink()) {
        await ifFilePresent(lchown(path, found.uid, options.gid));
        continue;
      }
      if (found.isDirectory()) await changeBelow(child, options, depth + 1);
      await change(child, found, options);
    } finally {
      await child.close();
    }
  }
}

async function change(held: FileHandle, found: Stats, options: FsGroupOptions): Promise<void> {
  if (isDone(found, options)) return;
  const path = `/proc/self/fd/${held.fd}`;
  await chown(path, found.uid, options.gid);
  await chmod(path, (found.mode & 0o7777) | bitsOf(found, options)); // after chown, which takes bits away
}

const isDone = (found: Stats, options: FsGroupOptions): boolean => {
  const bits = bitsOf(found, options);
  return found.gid === options.gid && (found.mode & bits) === bits;
};

function bitsOf(found: Stats, { readOnly }: FsGroupOptions): number {
  const readWrite = readOnly ? 0o440 : 0o660;
  return found.isDirectory() ? readWrite | 0o110 | setgid : readWrite;
}
