/** What a pod takes of the disk beside its images. Pure. */

/** Of a file system. */
export interface DiskAmount {
  readonly bytes: number;
  readonly inodes: number;
}

export interface ContainerDiskUsage {
  readonly name: string;
  /** What it wrote over its image. */
  readonly rootfs: DiskAmount;
  /** Of all attempts that are still there. */
  readonly logs: DiskAmount;
}

export interface VolumeDiskUsage {
  readonly name: string;
  readonly used: DiskAmount;
}

export interface PodDiskUsage {
  /** When it was measured: wall time in milliseconds. */
  readonly at: number;
  readonly containers: readonly ContainerDiskUsage[];
  /** emptyDir volumes on the disk. */
  readonly volumes: readonly VolumeDiskUsage[];
}

/** Which parts of a pod lie on one file system. */
export interface DiskParts {
  readonly rootfs: boolean;
  readonly logs: boolean;
  readonly volumes: boolean;
}

export const allParts: DiskParts = { rootfs: true, logs: true, volumes: true };
export const noDisk: DiskAmount = { bytes: 0, inodes: 0 };

export function sumOfDisk({ containers, volumes }: PodDiskUsage, parts: DiskParts): DiskAmount {
  return [
    ...(parts.rootfs ? containers.map(({ rootfs }) => rootfs) : []),
    ...(parts.logs ? containers.map(({ logs }) => logs) : []),
    ...(parts.volumes ? volumes.map(({ used }) => used) : []),
  ].reduce(addDisk, noDisk);
}

export const addDisk = (a: DiskAmount, b: DiskAmount): DiskAmount => ({
  bytes: a.bytes + b.bytes,
  inodes: a.inodes + b.inodes,
});
