import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import type { PodObject } from '../model/pod.ts';
import { exited, makeContainer, makePod, observedWith, running } from '../testing/make-pod.ts';
import { DiskMeter } from './disk-meter.ts';

const mebi = 2 ** 20;

it('counts the layer of the newest attempt, logs of all of them, and volumes on the disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'disk-meter-'));
  try {
    const pod = makePod({
      volumes: [
        { name: 'disk', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory' } },
        { name: 'empty', emptyDir: {} },
      ],
    });
    for (const name of ['a-0', 'a-1', 'disk', 'memory']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'file'), Buffer.alloc((name === 'a-1' ? 2 : 1) * mebi, 1));
      await writeFile(join(folder, `${name}.log`), Buffer.alloc(mebi / 2, 1));
    }
    const meter = new DiskMeter({
      runtime: {
        containerFiles: async (id) => ({
          layerFolder: join(folder, id),
          logFiles: [join(folder, `${id}.log`), join(folder, 'rotated-away.log')],
        }),
        writtenBytes: async () => undefined,
      },
      observed: {
        get: () => observedWith(makeContainer(pod, exited(1)), makeContainer(pod, running, { attempt: 1 })),
      },
      pods: () => [pod],
      isLimited: () => false,
      emptyDirFolderOf: (_, volume) => join(folder, volume),
      clock: new FakeClock(0),
      logger: silentLogger,
    });
    await meter.refresh(new AbortController().signal);
    const found = meter.get('u');
    const [container] = found?.containers ?? [];
    const isAbout = (bytes: number | undefined, wanted: number) => Math.abs((bytes ?? 0) - wanted) < mebi / 4;
    assert(isAbout(container?.rootfs.bytes, 2 * mebi), JSON.stringify(found));
    assert(isAbout(container?.logs.bytes, mebi), JSON.stringify(found));
    assert.deepEqual([container?.rootfs.inodes, container?.logs.inodes], [2, 2]);
    assert.deepEqual(
      found?.volumes.map(({ name, used }) => [name, Math.round(used.bytes / mebi), used.inodes]),
      [
        ['disk', 1, 2],
        ['empty', 0, 0],
      ],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('DiskMeter', () => {
  const podNamed = (name: string): PodObject =>
    makePod({}, { metadata: { namespace: 'default', name, uid: name, resourceVersion: '1', creationTimestamp: '' } });

  async function play(act: (world: { clock: FakeClock; asked: string[]; meter: DiskMeter }) => Promise<void>) {
    const clock = new FakeClock(0);
    const asked: string[] = [];
    const pods = ['limited', 'other', 'broken'].map(podNamed);
    const meter = new DiskMeter({
      runtime: {
        containerFiles: async () => ({ layerFolder: undefined, logFiles: [] }),
        writtenBytes: async (id) => {
          asked.push(id);
          if (id === 'broken') throw new Error('the engine does not answer');
          return asked.length;
        },
      },
      observed: { get: (uid) => observedWith(makeContainer(podNamed(uid), running, { id: uid })) },
      pods: () => pods,
      isLimited: ({ metadata }) => metadata.name === 'limited',
      emptyDirFolderOf: () => '/',
      clock,
      logger: silentLogger,
    });
    const over = new AbortController();
    const looking = meter.run(over.signal);
    await act({ clock, asked, meter });
    over.abort();
    await looking;
  }

  it('looks at pods with limits often and at others seldom, whatever cannot be measured', async () => {
    await play(async ({ clock, asked, meter }) => {
      const countOf = (name: string) => asked.filter((one) => one === name).length;
      for (let passed = 0; passed < 600; passed += 1) {
        await new Promise(setImmediate);
        await clock.advance(100);
      }
      assert(countOf('limited') >= 5 && countOf('limited') <= 7, asked.join());
      assert.deepEqual([countOf('other'), countOf('broken')], [1, 1]);
      assert.equal(meter.get('broken'), undefined);
      assert((meter.get('other')?.containers[0]?.rootfs.bytes ?? 0) > 0);
    });
  });
});
