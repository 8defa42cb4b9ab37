/**
 * Parts of volumes for single mounts. The runtime is given a path of the kubelet's own, on which exactly that is
 * mounted which was found inside the volume: a path into the volume itself would lead elsewhere as soon as a container
 * put a link in its way.
 */

import { type FileHandle, lstat, mkdir, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { privateMode } from '../../base/private-folder.ts';
import { bindDescriptor, unmountBelow } from './mounts.ts';
import { openBeneath } from './open-beneath.ts';

export interface SubPath {
  /** The volume's folder on the node. */
  readonly volume: string;
  /** Relative to it. */
  readonly path: string;
  /** Where it is mounted. Whatever an earlier container had there goes. */
  readonly target: string;
  /** What the container mounts in it is seen by the node as well. */
  readonly propagates: boolean;
}

/** A folder that is not there is made as the volume is. Undone by `unmountBelow`. */
export async function bindSubPath({ volume, path, target, propagates }: SubPath): Promise<void> {
  const held = await openBeneath({ folder: volume, path });
  try {
    await makeMountPoint(held, target);
    await bindDescriptor(held.fd, target, { propagates });
    await checkMounted(held, target);
  } finally {
    await held.close();
  }
}

async function makeMountPoint(held: FileHandle, target: string): Promise<void> {
  await unmountBelow(target);
  await removeMountPoint(target);
  await mkdir(dirname(target), { recursive: true, mode: privateMode });
  if ((await held.stat()).isDirectory()) await mkdir(target);
  else await writeFile(target, '');
}

async function removeMountPoint(target: string): Promise<void> {
  const found = await ifFilePresent(lstat(target));
  if (found?.isDirectory()) await rmdir(target);
  else if (found !== undefined) await unlink(target);
}

async function checkMounted(held: FileHandle, target: string): Promise<void> {
  const [wanted, mounted] = await Promise.all([held.stat({ bigint: true }), stat(target, { bigint: true })]);
  if (wanted.dev === mounted.dev && wanted.ino === mounted.ino) return;
  await unmountBelow(target);
  throw new Error(`${target} does not show what was to be mounted there`);
}
