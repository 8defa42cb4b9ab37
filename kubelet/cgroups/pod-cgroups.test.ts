import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { PodObject } from '../model/pod.ts';
import { type CgroupSupport, RuntimeError } from '../runtime/runtime.ts';
import { HeardEvents } from '../testing/heard-events.ts';
import { makePod, podOf } from '../testing/make-pod.ts';
import { readCgroupRecord } from './cgroup-record.ts';
import type { CgroupSettings } from './cgroup-values.ts';
import type { CgroupWriter } from './cgroup-writer.ts';
import { PodCgroups, type PodCgroupsOptions } from './pod-cgroups.ts';

const support: CgroupSupport = { driver: 'cgroupfs', version: 1, top: '/kubepods' };

/** Groups in memory. */
class FakeWriter implements CgroupWriter {
  readonly groups = new Map<string, CgroupSettings>();
  trouble: string | undefined;

  async set(group: string, settings: CgroupSettings): Promise<void> {
    if (this.trouble !== undefined) throw new Error(this.trouble);
    this.groups.set(group, { ...this.groups.get(group), ...settings });
  }

  async remove(group: string): Promise<void> {
    for (const name of this.groups.keys()) if (`${name}/`.startsWith(`${group}/`)) this.groups.delete(name);
  }

  async below(group: string): Promise<string[]> {
    const names = [...this.groups.keys()].filter((name) => name.startsWith(`${group}/`));
    return names.map((name) => name.slice(group.length + 1)).filter((name) => !name.includes('/'));
  }
}

interface Given extends Partial<PodCgroupsOptions> {
  readonly writer?: FakeWriter;
}

async function withCgroups(
  given: Given,
  test: (world: {
    cgroups: PodCgroups;
    writer: FakeWriter;
    events: HeardEvents;
    clock: FakeClock;
    dataDir: string;
  }) => Promise<void>,
): Promise<void> {
  const dataDir = given.dataDir ?? (await mkdtemp(join(tmpdir(), 'cgroups-')));
  const { writer = new FakeWriter() } = given;
  const events = new HeardEvents();
  const clock = new FakeClock();
  const cgroups = new PodCgroups({
    runtime: { cgroupSupport: async () => support },
    ...{ recorder: events, logger: silentLogger, clock, nodeName: 'n', isWanted: true, enforcesAllocatable: true },
    ...{ allocatable: { cpu: '2', memory: '1Gi' }, pageSizes: [], maxPids: 100, pods: () => [], isHere: () => false },
    writerFor: () => writer,
    ...given,
    dataDir,
  });
  try {
    await test({ cgroups, writer, events, clock, dataDir });
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

const burstable = (cpu: string, limit?: string): PodObject =>
  podOf({ resources: { requests: { cpu }, ...(limit && { limits: { cpu: limit } }) } });
const whole = makePod({ resources: { limits: { memory: '64Mi' } } });

describe('PodCgroups', () => {
  it('makes the groups above pods, and one for each pod', async () => {
    await withCgroups({}, async ({ cgroups, writer, events, dataDir }) => {
      await cgroups.start();
      assert.equal(cgroups.isOn, true);
      assert.deepEqual([...writer.groups.keys()], ['/kubepods', '/kubepods/besteffort', '/kubepods/burstable']);
      assert.equal(writer.groups.get('/kubepods')?.memoryBytes, 2 ** 30);
      assert.deepEqual(events.reasons, ['NodeAllocatableEnforced']);
      assert.deepEqual(await readCgroupRecord(dataDir), support);
      assert.equal(await cgroups.ensure(burstable('1')), '/kubepods/burstable/podu');
      assert.equal(writer.groups.get('/kubepods/burstable/podu')?.cpuShares, 1024);
      await cgroups.remove('u');
      assert.equal(writer.groups.has('/kubepods/burstable/podu'), false);
    });
  });

  it('makes none where it is not wanted', async () => {
    await withCgroups({ isWanted: false }, async ({ cgroups, writer, events }) => {
      await cgroups.start();
      assert.equal(await cgroups.ensure(burstable('1')), undefined);
      assert.deepEqual([cgroups.isOn, writer.groups.size, events.texts], [false, 0, []]);
    });
  });

  it('says once that groups cannot be made, and lets pods run without', async () => {
    const writer = new FakeWriter();
    writer.trouble = 'EROFS: read-only file system';
    await withCgroups({ writer }, async ({ cgroups, events }) => {
      await cgroups.start();
      assert.equal(await cgroups.ensure(burstable('1')), undefined);
      assert.equal(await cgroups.ensure(makePod()), undefined);
      assert.equal(cgroups.isOn, false);
      assert.equal(events.texts.length, 1);
      assert.match(events.texts[0] ?? '', /^Warning FailedNodeAllocatableEnforcement .*read-only file system$/);
    });
  });

  it('makes groups also where pods have more memory already than all of them may have, and limits it later', async () => {
    const writer = new (class extends FakeWriter {
      isFull = true;

      override async set(group: string, settings: CgroupSettings): Promise<void> {
        if (this.isFull && settings.memoryBytes !== undefined) throw new Error('EBUSY');
        await super.set(group, settings);
      }
    })();
    await withCgroups({ writer }, async ({ cgroups, events }) => {
      await cgroups.start();
      assert.equal(cgroups.isOn, true);
      assert.match(events.texts.join(), /^Warning FailedNodeAllocatableEnforcement .*is not limited: EBUSY$/);
      writer.isFull = false;
      const stop = new AbortController();
      const over = cgroups.run(stop.signal);
      await eventually('the limit is there', () => writer.groups.get('/kubepods')?.memoryBytes === 2 ** 30);
      assert.deepEqual(events.reasons.slice(1), ['NodeAllocatableEnforced']);
      stop.abort();
      await over;
    });
  });

  it('says that the runtime has none', async () => {
    await withCgroups({ runtime: { cgroupSupport: async () => undefined } }, async ({ cgroups, events }) => {
      await cgroups.start();
      assert.deepEqual([cgroups.isOn, events.reasons], [false, ['FailedNodeAllocatableEnforcement']]);
    });
  });

  it('is started again when the runtime did not answer', async () => {
    const cgroupSupport = () => Promise.reject(new RuntimeError('Unavailable', 'no answer'));
    await withCgroups({ runtime: { cgroupSupport } }, async ({ cgroups, events }) => {
      await assert.rejects(cgroups.start(), /no answer/);
      assert.deepEqual(events.texts, []);
    });
  });

  it('fails only the pod whose own limits would not be enforced', async () => {
    await withCgroups({}, async ({ cgroups, writer, events }) => {
      await cgroups.start();
      writer.trouble = 'no room';
      assert.equal(await cgroups.ensure(burstable('1')), undefined);
      await assert.rejects(cgroups.ensure(whole), /unable to ensure pod container exists: no room/);
      assert.equal(events.reasons.filter((reason) => reason === 'FailedNodeAllocatableEnforcement').length, 1);
    });
  });

  it('gives a group room for what was and what will be while containers change', async () => {
    await withCgroups({}, async ({ cgroups, writer }) => {
      await cgroups.start();
      const quota = () => writer.groups.get('/kubepods/burstable/podu')?.cpuQuota;
      await cgroups.ensure(burstable('100m', '500m'));
      await cgroups.grow(burstable('100m', '500m'), burstable('100m', '200m'));
      assert.equal(quota(), 50_000);
      await cgroups.settle(burstable('100m', '200m'));
      assert.equal(quota(), 20_000);
    });
  });

  it('gives that room also to a group that a kubelet before this one made', async () => {
    await withCgroups({}, async ({ cgroups, writer }) => {
      await cgroups.start();
      await cgroups.grow(burstable('100m', '500m'), burstable('100m', '200m'));
      assert.equal(writer.groups.get('/kubepods/burstable/podu')?.cpuQuota, 50_000);
    });
  });

  it('lets burstable pods weigh what they ask for together, and removes what nobody knows', async () => {
    let present: PodObject[] = [];
    await withCgroups({ pods: () => present }, async ({ cgroups, writer, clock }) => {
      await cgroups.start();
      await writer.set('/kubepods/burstable/podgone', {});
      await writer.set('/kubepods/else', {});
      const stop = new AbortController();
      const over = cgroups.run(stop.signal);
      await eventually('the lost group is gone', () => !writer.groups.has('/kubepods/burstable/podgone'));
      assert.equal(writer.groups.has('/kubepods/else'), true);
      assert.equal(writer.groups.get('/kubepods/burstable')?.cpuShares, 2);
      present = [burstable('1')];
      await cgroups.ensure(burstable('1'));
      await eventually('the pod has its weight', async () => {
        await clock.advance(100);
        return writer.groups.get('/kubepods/burstable')?.cpuShares === 1024;
      });
      stop.abort();
      await over;
    });
  });
});
