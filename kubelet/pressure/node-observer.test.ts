import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { RuntimeError } from '../runtime/runtime.ts';
import { computeObservations, NodeObserver } from './node-observer.ts';

const sized = (capacityBytes: number, inodes: number) => ({
  ...{ availableBytes: capacityBytes / 2, capacityBytes, usedBytes: capacityBytes / 2 },
  ...{ inodesFree: inodes / 4, inodes, inodesUsed: (inodes * 3) / 4 },
});

describe('computeObservations', () => {
  it('has all that could be read', () => {
    const found = computeObservations({
      machine: { availableBytes: 30, workingSetBytes: 70 },
      pods: { available: 5, capacity: 50 },
      disks: { node: sized(1000, 40), image: sized(8000, 80) },
      threads: 90,
      maxPids: 100,
    });
    assert.deepEqual(found, {
      'memory.available': { available: 30, capacity: 100 },
      'allocatableMemory.available': { available: 5, capacity: 50 },
      'nodefs.available': { available: 500, capacity: 1000 },
      'nodefs.inodesFree': { available: 10, capacity: 40 },
      'imagefs.available': { available: 4000, capacity: 8000 },
      'imagefs.inodesFree': { available: 20, capacity: 80 },
      'containerfs.available': { available: 4000, capacity: 8000 },
      'containerfs.inodesFree': { available: 20, capacity: 80 },
      'pid.available': { available: 10, capacity: 100 },
    });
  });

  it('leaves out what could not, and files that are not counted', () => {
    const nothing = { machine: undefined, pods: undefined, disks: undefined, threads: undefined, maxPids: 100 };
    assert.deepEqual(computeObservations(nothing), {});
    const btrfs = sized(1000, 0);
    const signals = Object.keys(computeObservations({ ...nothing, disks: { node: btrfs, image: btrfs } }));
    assert.deepEqual(signals, ['nodefs.available', 'imagefs.available', 'containerfs.available']);
  });
});

describe('NodeObserver', () => {
  const observerWith = (storage: () => Promise<{ imageFolder: string; logFolder: string }>) =>
    new NodeObserver({
      runtime: { storage },
      dataDir: '/tmp',
      readMachineUsage: async () => {
        throw new Error('no /proc');
      },
      maxPids: 1_000_000,
      podMemory: undefined,
      clock: new FakeClock(),
      logger: silentLogger,
    });

  it('takes the disk of pods for that of images while the engine does not answer, or shows a folder that is not here', async () => {
    const silent = observerWith(async () => {
      throw new RuntimeError('Unavailable', 'the container engine does not answer');
    });
    const invisible = observerWith(async () => ({ imageFolder: '/no/such/folder', logFolder: '/no/such/folder' }));
    for (const observer of [silent, invisible]) assert.equal((await observer.fileSystems()).isShared, true);
  });

  it('tells file systems apart', async () => {
    const observer = observerWith(async () => ({ imageFolder: '/proc', logFolder: '/tmp' }));
    const { isShared, onNode, onImage } = await observer.fileSystems();
    assert.deepEqual(
      [isShared, onNode, onImage],
      [false, { rootfs: false, logs: true, volumes: true }, { rootfs: true, logs: false, volumes: false }],
    );
  });

  it('observes what it can', async () => {
    const found = await observerWith(async () => ({ imageFolder: '/tmp', logFolder: '/tmp' })).observe();
    assert.equal(found['memory.available'], undefined);
    assert((found['nodefs.available']?.capacity ?? 0) > 0);
    assert((found['pid.available']?.available ?? 0) > 0);
  });
});
