import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { nodeSubject } from '../model/event-subject.ts';
import { ImageCollector, type ImagePolicy } from './image-collector.ts';

const usual: ImagePolicy = {
  highThresholdPercent: 85,
  lowThresholdPercent: 80,
  minimumAgeMs: 120_000,
  maximumAgeMs: 0,
};

/** A disk of 1000 bytes, and images on it. */
class World {
  readonly clock = new FakeClock(0);
  readonly images = new Map<string, number>();
  readonly inUse = new Set<string>();
  readonly wanted = new Set<string>();
  readonly events: string[] = [];
  readonly collector: ImageCollector;
  otherBytes = 0;

  constructor(policy: Partial<ImagePolicy> = {}) {
    this.collector = new ImageCollector({
      policy: { ...usual, ...policy },
      runtime: {
        listImages: async () =>
          [...this.images].map(([id, sizeBytes]) => ({
            ...{ id, sizeBytes, names: [`${id}:1`], createdAt: 0 },
            pinned: id === 'infra',
          })),
        imagesInUse: async () => this.inUse,
        removeImage: async (id) => void this.images.delete(id),
      },
      wantedNames: () => this.wanted,
      readDisk: async () => {
        const usedBytes = [...this.images.values()].reduce((sum, size) => sum + size, this.otherBytes);
        return {
          availableBytes: 1000 - usedBytes,
          capacityBytes: 1000,
          usedBytes,
          inodesFree: 1,
          inodes: 1,
          inodesUsed: 0,
        };
      },
      recorder: { record: (_, { reason, message }) => void this.events.push(`${reason}: ${message}`) },
      node: nodeSubject('n'),
      clock: this.clock,
      logger: silentLogger,
    });
  }

  async left(): Promise<string[]> {
    await this.collector.collect();
    return [...this.images.keys()];
  }
}

describe('ImageCollector', () => {
  it('removes what nobody needs, until the disk is as empty as it is to be', async () => {
    const world = new World();
    for (const [id, size] of [
      ['infra', 10],
      ['used', 200],
      ['wanted', 200],
      ['a', 200],
      ['b', 200],
    ] as const)
      world.images.set(id, size);
    world.inUse.add('used');
    world.wanted.add('docker.io/library/wanted:1');
    assert.deepEqual(await world.left(), ['infra', 'used', 'wanted', 'a', 'b']);
    world.otherBytes = 40;
    assert.deepEqual(await world.left(), ['infra', 'used', 'wanted', 'b']);
    assert.deepEqual(world.events, []);
  });

  it('takes what was used longest ago first, and nothing that just came', async () => {
    const world = new World();
    for (const id of ['a', 'b', 'c']) world.images.set(id, 200);
    world.inUse.add('a');
    await world.left();
    await world.clock.advance(60_000);
    world.inUse.delete('a');
    world.inUse.add('b');
    await world.left();
    world.inUse.delete('b');
    world.images.set('new', 250);
    await world.clock.advance(60_000);
    assert.deepEqual(await world.left(), ['a', 'b', 'new']);
    world.otherBytes = 200;
    assert.deepEqual(await world.left(), ['b', 'new']);
    world.otherBytes = 700;
    assert.deepEqual(await world.left(), ['new']);
    await world.clock.advance(119_000);
    assert.deepEqual(await world.left(), ['new']);
    await world.clock.advance(1_000);
    assert.deepEqual(await world.left(), []);
  });

  it('tells that the disk stays full, and that it does so again', async () => {
    const world = new World();
    world.images.set('a', 100);
    world.otherBytes = 850;
    await world.left();
    await world.left();
    assert.equal(
      world.events[0],
      "FreeDiskSpaceFailed: Insufficient free disk space on the node's image filesystem (95% of 0.0 GiB used). " +
        'Failed to free sufficient space by deleting unused images (freed 100 bytes). ' +
        'Investigate disk usage, as it could be used by active images, logs, volumes, or other data.',
    );
    const reasons = world.events.map((text) => text.slice(0, text.indexOf(':')));
    assert.deepEqual(reasons, ['FreeDiskSpaceFailed', 'FreeDiskSpaceFailed', 'ImageGCFailed']);
  });

  it('removes what was not used for long, once it can know that', async () => {
    const world = new World({ maximumAgeMs: 3_600_000 });
    world.images.set('a', 1);
    world.images.set('b', 1);
    world.inUse.add('b');
    assert.deepEqual(await world.left(), ['a', 'b']);
    await world.clock.advance(3_600_000);
    assert.deepEqual(await world.left(), ['a', 'b']);
    await world.clock.advance(1);
    assert.deepEqual(await world.left(), ['b']);
  });

  it('removes all that is not needed when it is asked to, however empty the disk is', async () => {
    const world = new World({ highThresholdPercent: 100 });
    for (const id of ['a', 'b', 'c']) world.images.set(id, 1);
    world.inUse.add('b');
    await world.collector.removeUnused();
    assert.deepEqual([...world.images.keys()], ['b']);
  });
});
