import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerDisk, type DiskFigures, nodeDisk, podDisk } from './disk-summary.ts';
import { allParts, type PodDiskUsage } from './disk-usage.ts';

const at = Date.UTC(2030, 0, 1);
const sized = (bytes: number) => ({
  ...{ availableBytes: bytes / 4, capacityBytes: bytes, usedBytes: (bytes * 3) / 4 },
  ...{ inodesFree: 90, inodes: 100, inodesUsed: 10 },
});
const figures: DiskFigures = {
  fileSystems: {
    ...{ node: sized(1000), image: sized(8000), isShared: false },
    onNode: { rootfs: false, logs: false, volumes: true },
    onImage: { ...allParts, volumes: false },
  },
  imageBytes: 77,
  ofPod: () => undefined,
};
const usage: PodDiskUsage = {
  at,
  containers: [{ name: 'a', rootfs: { bytes: 5, inodes: 2 }, logs: { bytes: 7, inodes: 1 } }],
  volumes: [{ name: 'v', used: { bytes: 11, inodes: 4 } }],
};
const time = '2030-01-01T00:00:00Z';
const part = (capacityBytes: number, usedBytes: number, inodesUsed: number) => ({
  time,
  ...{ availableBytes: capacityBytes / 4, capacityBytes, usedBytes },
  ...{ inodesFree: 90, inodes: 100, inodesUsed },
});

describe('what takes the disk, in a summary', () => {
  it('of the node', () => {
    assert.deepEqual(nodeDisk(at, figures), {
      fs: part(1000, 750, 10),
      runtime: { imageFs: part(8000, 77, 10), containerFs: part(8000, 6000, 10) },
    });
  });

  it('of a container, each part beside the file system that it lies on', () => {
    assert.deepEqual(containerDisk('a', usage, figures), { rootfs: part(8000, 5, 2), logs: part(8000, 7, 1) });
    assert.deepEqual(containerDisk('none', usage, figures), { rootfs: part(8000, 0, 0), logs: part(8000, 0, 0) });
  });

  it('of a pod', () => {
    assert.deepEqual(podDisk(usage, figures), {
      volume: [{ ...part(1000, 11, 4), name: 'v' }],
      'ephemeral-storage': part(1000, 23, 7),
    });
    assert.deepEqual(Object.keys(podDisk({ ...usage, volumes: [] }, figures)), ['ephemeral-storage']);
  });
});
