/** What images, containers, logs and volumes take of a disk, in the words of upstream's `Summary`. Pure. */

import { formatTime } from '../../api/time.ts';
import { allParts, type DiskAmount, noDisk, type PodDiskUsage, sumOfDisk } from './disk-usage.ts';
import type { FileSystemUsage, NodeFileSystems } from './file-systems.ts';

export interface DiskFigures {
  readonly fileSystems: NodeFileSystems;
  /** Of all images, what they share counted for each; undefined: the runtime does not say. */
  readonly imageBytes: number | undefined;
  /** Undefined: not measured yet. */
  ofPod(uid: string): PodDiskUsage | undefined;
}

/** Members of the summary's `node`. */
export function nodeDisk(at: number, { fileSystems: { node, image }, imageBytes }: DiskFigures): object {
  const time = formatTime(at);
  const imageFs = { time, ...image, ...(imageBytes !== undefined && { usedBytes: imageBytes }) };
  return { fs: { time, ...node }, runtime: { imageFs, containerFs: { time, ...image } } };
}

/** Members of one of `containers`. */
export function containerDisk(name: string, usage: PodDiskUsage, { fileSystems }: DiskFigures): object {
  const { rootfs = noDisk, logs = noDisk } = usage.containers.find((one) => one.name === name) ?? {};
  const { image } = fileSystems;
  return {
    rootfs: partOf(usage, rootfs, image),
    logs: partOf(usage, logs, fileSystems.onNode.logs ? fileSystems.node : image),
  };
}

/** Members of one of `pods`. */
export function podDisk(usage: PodDiskUsage, { fileSystems: { node } }: DiskFigures): object {
  return {
    ...(usage.volumes.length > 0 && {
      volume: usage.volumes.map(({ name, used }) => ({ ...partOf(usage, used, node), name })),
    }),
    'ephemeral-storage': partOf(usage, sumOfDisk(usage, allParts), node),
  };
}

/** What it uses, of a file system that is as large as this one. */
const partOf = (
  { at }: PodDiskUsage,
  { bytes, inodes }: DiskAmount,
  { availableBytes, capacityBytes, inodesFree, inodes: all }: FileSystemUsage,
): object => ({
  time: formatTime(at),
  availableBytes,
  capacityBytes,
  usedBytes: bytes,
  inodesFree,
  inodes: all,
  inodesUsed: inodes,
});
