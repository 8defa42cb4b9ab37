/** The file systems that a node's pods and images take room on. */

import { stat, statfs } from 'node:fs/promises';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { RuntimeStorage } from '../runtime/runtime.ts';
import { allParts, type DiskParts } from './disk-usage.ts';

export interface FileSystemUsage {
  readonly availableBytes: number;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** All 0 where files are not counted, as on btrfs. */
  readonly inodesFree: number;
  readonly inodes: number;
  readonly inodesUsed: number;
}

export interface NodeFileSystems {
  /** Of volumes and other files of pods: upstream's nodefs. */
  readonly node: FileSystemUsage;
  /** Of images and of what containers write over them: upstream's imagefs, and containerfs. */
  readonly image: FileSystemUsage;
  /** What of a pod lies on the one, and on the other. */
  readonly onNode: DiskParts;
  readonly onImage: DiskParts;
  /** Images lie on the node's file system. */
  readonly isShared: boolean;
}

export interface FileSystemPlaces {
  /** Of the kubelet. */
  readonly dataDir: string;
  /** Undefined: not known. */
  readonly storage: RuntimeStorage | undefined;
}

/** What of the runtime's is not known, or not seen from here, is taken for the node's. Throws when the node's cannot be read. */
export async function readFileSystems({ dataDir, storage }: FileSystemPlaces): Promise<NodeFileSystems> {
  const own = await readPlace(dataDir);
  const image = storage && (await ifFilePresent(readPlace(storage.imageFolder)));
  const logs = storage && (await ifFilePresent(stat(storage.logFolder)));
  const node = own.usage;
  if (image === undefined || image.device === own.device)
    return { node, image: node, onNode: allParts, onImage: allParts, isShared: true };
  const logsOn = logs?.dev;
  return {
    node,
    image: image.usage,
    onNode: { rootfs: false, logs: logsOn === undefined || logsOn === own.device, volumes: true },
    onImage: { rootfs: true, logs: logsOn === image.device, volumes: false },
    isShared: false,
  };
}

async function readPlace(folder: string): Promise<{ readonly device: number; readonly usage: FileSystemUsage }> {
  const [{ dev }, usage] = await Promise.all([stat(folder), readFileSystem(folder)]);
  return { device: dev, usage };
}

export async function readFileSystem(folder: string): Promise<FileSystemUsage> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(folder);
  return {
    availableBytes: bavail * bsize,
    capacityBytes: blocks * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodesFree: ffree,
    inodes: files,
    inodesUsed: files - ffree,
  };
}
