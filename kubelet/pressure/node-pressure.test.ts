import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { nodeSubject } from '../model/event-subject.ts';
import type { PodObject } from '../model/pod.ts';
import { allParts, type DiskParts } from '../stats/disk-usage.ts';
import { makePod, type PodSpec } from '../testing/make-pod.ts';
import { NodePressure } from './node-pressure.ts';
import type { PodMemoryUsage } from './pod-usage.ts';
import type { Signal } from './signals.ts';
import { parseThresholds } from './thresholds.ts';

const usage = { availableBytes: 0, capacityBytes: 0, usedBytes: 0, inodesFree: 0, inodes: 0, inodesUsed: 0 };
const noParts: DiskParts = { rootfs: false, logs: false, volumes: true };

/** A node of 1000 bytes of memory and of disk, and what happened on it in order. */
class World {
  readonly clock = new FakeClock(0);
  readonly log: string[] = [];
  readonly pods = new Map<string, { readonly pod: PodObject; readonly bytes: number; ends: boolean }>();
  readonly left: Partial<Record<Signal, number>> = { 'memory.available': 1000, 'nodefs.available': 1000 };
  readonly pressure: NodePressure;
  readonly #over = new AbortController();
  unusedBytes = 0;
  imagesAreElsewhere = false;

  constructor(hard = 'memory.available<100,nodefs.available<100') {
    const parts = () => (this.imagesAreElsewhere ? noParts : allParts);
    this.pressure = new NodePressure({
      thresholds: parseThresholds({ hard, soft: undefined, softGracePeriod: undefined, minimumReclaim: undefined }),
      transitionMs: 60_000,
      maxPodGraceSeconds: 0,
      observer: {
        observe: async () =>
          Object.fromEntries(
            Object.entries(this.left).map(([signal, available]) => [signal, { available, capacity: 1000 }]),
          ),
        fileSystems: async () => ({
          ...{ node: usage, image: usage, isShared: !this.imagesAreElsewhere },
          ...{ onNode: parts(), onImage: allParts },
        }),
      },
      pods: () => [...this.pods.values()].map(({ pod }) => pod),
      measureMemory: async () => new Map([...this.pods].map(([name, { bytes }]) => [name, memoryOf(bytes)])),
      disk: {
        get: (uid) => ({
          at: 0,
          containers: [{ name: 'a', rootfs: amount(this.pods.get(uid)?.bytes), logs: amount() }],
          volumes: [{ name: 'v', used: amount(this.pods.get(uid)?.bytes) }],
        }),
        refresh: async () => void this.log.push('measure disks'),
      },
      reclaimDisk: async ({ rootfs }) => {
        this.log.push(rootfs ? 'reclaim' : 'reclaim volumes');
        this.left['nodefs.available'] = (this.left['nodefs.available'] ?? 0) + this.unusedBytes;
        this.unusedBytes = 0;
      },
      endPod: (uid, { reason, graceSeconds, disruption }) => {
        const entry = this.pods.get(uid);
        if (entry === undefined || entry.ends) return false;
        entry.ends = true;
        this.log.push(`${reason} ${uid} ${graceSeconds}${disruption === undefined ? '' : ' for others'}`);
        return true;
      },
      podOver: async (uid) => {
        const bytes = this.pods.get(uid)?.bytes ?? 0;
        this.pods.delete(uid);
        for (const signal of ['memory.available', 'nodefs.available'] as const)
          this.left[signal] = (this.left[signal] ?? 0) + bytes;
      },
      recorder: { record: (_, { reason, message }) => void this.log.push(`${reason}: ${message}`) },
      node: nodeSubject('n'),
      onChange: () => void this.log.push(`[${this.pressure.conditions.join()}]`),
      clock: this.clock,
      logger: silentLogger,
    });
  }

  add(name: string, bytes: number, spec: Partial<PodSpec> = {}): void {
    const metadata = { namespace: 'default', name, uid: name, resourceVersion: '1', creationTimestamp: '' };
    this.pods.set(name, { pod: makePod(spec, { metadata }), bytes, ends: false });
  }

  /** What happens in that time. */
  async pass(seconds: number): Promise<string[]> {
    const before = this.log.length;
    for (let passed = 0; passed < seconds; passed += 1) {
      await new Promise(setImmediate);
      await this.clock.advance(1000);
    }
    return this.log.slice(before);
  }

  async run(act: () => Promise<void>): Promise<void> {
    const running = this.pressure.run(this.#over.signal);
    await act();
    this.#over.abort();
    await running;
  }
}

const amount = (bytes = 0) => ({ bytes, inodes: 1 });
const memoryOf = (workingSetBytes: number): PodMemoryUsage => ({ workingSetBytes, processes: 1, containers: [] });
const critical = { priority: 2_000_000_000 };

describe('NodePressure', () => {
  it('evicts nobody while what nobody needs can go instead', async () => {
    const world = new World();
    world.add('pod', 500);
    world.unusedBytes = 200;
    await world.run(async () => {
      await world.pass(1);
      world.left['nodefs.available'] = 50;
      assert.deepEqual(await world.pass(20), [
        '[DiskPressure]',
        'EvictionThresholdMet: Attempting to reclaim ephemeral-storage',
        'reclaim',
      ]);
      assert.deepEqual(await world.pass(60), ['[]']);
    });
  });

  it('evicts one pod after the other until enough is free', async () => {
    const world = new World();
    world.add('small', 30);
    world.add('large', 40);
    world.add('needed', 900, critical);
    world.left['nodefs.available'] = 35;
    await world.run(async () => {
      const step = ['EvictionThresholdMet: Attempting to reclaim ephemeral-storage', 'reclaim', 'measure disks'];
      assert.deepEqual(await world.pass(5), [
        '[DiskPressure]',
        ...step,
        'Evicted large 1 for others',
        ...step,
        'Evicted small 1 for others',
      ]);
      assert.equal(world.pods.has('needed'), true);
    });
  });

  it('does not touch images that lie elsewhere, nor for want of memory', async () => {
    const world = new World();
    world.imagesAreElsewhere = true;
    world.add('a', 100);
    world.add('b', 90);
    world.left['nodefs.available'] = 50;
    await world.run(async () => {
      assert.deepEqual((await world.pass(3)).slice(2), ['reclaim volumes', 'measure disks', 'Evicted a 1 for others']);
      await world.pass(10);
      world.left['memory.available'] = 50;
      assert.deepEqual(await world.pass(11), [
        '[MemoryPressure,DiskPressure]',
        'EvictionThresholdMet: Attempting to reclaim memory',
        'Evicted b 1 for others',
      ]);
    });
  });

  it('ends all that take more than they may, whatever is free', async () => {
    const world = new World();
    const limited = { volumes: [{ name: 'v', emptyDir: { sizeLimit: '10' } }] };
    world.add('a', 11, limited);
    world.add('b', 10, limited);
    world.add('c', 11, { ...limited, ...critical });
    await world.run(async () => {
      assert.deepEqual(await world.pass(11), ['[]', 'Evicted a 1']);
    });
  });

  it('says nothing before it has looked', () => {
    assert.equal(new World().pressure.verdict, undefined);
  });
});
