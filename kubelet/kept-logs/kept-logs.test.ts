import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import type { ContainerState, LogOptions } from '../runtime/runtime.ts';
import { exited, makeContainer, makePod, running } from '../testing/make-pod.ts';
import { LogTail, selectLines } from './kept-lines.ts';
import { KeptLogs, type KeptLogsOptions } from './kept-logs.ts';
import { findLogsToDrop } from './log-budget.ts';

const all: LogOptions = { follow: false, timestamps: false, stdout: true, stderr: true };

describe('kept lines', () => {
  const kept = Buffer.from(
    [
      '2024-05-06T07:08:09.000000001Z stdout F one',
      '2024-05-06T07:08:10.000000000Z stderr F two',
      '2024-05-06T07:08:11.500000000Z stdout F three …',
      ' goes on',
      '2024-05-06T07:08:12.000000000Z stdout F four',
    ].join('\n'),
  );
  const select = (options: Partial<LogOptions>) => Buffer.concat(selectLines(kept, { ...all, ...options })).toString();

  it('are selected as a runtime selects them', () => {
    for (const [options, wanted] of [
      [{}, 'one\ntwo\nthree …\n goes on\nfour'],
      [{ tailLines: 2 }, 'three …\n goes on\nfour'],
      [{ tailLines: 0 }, ''],
      [{ stdout: false }, 'two\n'],
      [{ stderr: false, tailLines: 3 }, 'one\nthree …\n goes on\nfour'],
      [{ since: Date.UTC(2024, 4, 6, 7, 8, 11) }, 'three …\n goes on\nfour'],
      [{ timestamps: true, tailLines: 1 }, '2024-05-06T07:08:12.000000000Z four'],
    ] as const)
      assert.equal(select(options), wanted, JSON.stringify(options));
  });

  it('of a long log are its end, from the beginning of a line on', () => {
    const tail = new LogTail(12);
    for (const text of ['first line\n', 'second\n', 'third\n', 'x\n']) tail.add(Buffer.from(text));
    assert.equal(tail.take().toString(), 'third\nx\n');
    const one = new LogTail(100);
    one.add(Buffer.from('all\n'));
    assert.equal(one.take().toString(), 'all\n');
  });
});

describe('the budget of kept logs', () => {
  const log = (container: string, attempt: number, keptAt: number, bytes = 10) => ({
    container,
    attempt,
    keptAt,
    bytes,
  });
  const budget = { nodeBytes: 1000, nodeLogs: 1000, podBytes: 1000, attempts: 5, maxAgeMs: 1000 };
  const drop = (rest: Partial<typeof budget>, ...logs: ReturnType<typeof log>[]) =>
    findLogsToDrop([{ uid: 'u', logs }], { ...budget, ...rest }, 1000).map(
      (one) => `${one.log.container}${one.log.attempt}`,
    );

  it('drops the oldest of what is too much', () => {
    assert.deepEqual(drop({}, log('a', 0, 0), log('a', 1, 500)), []);
    assert.deepEqual(drop({ maxAgeMs: 600 }, log('a', 0, 0), log('a', 1, 500)), ['a0']);
    assert.deepEqual(drop({ attempts: 1 }, log('a', 0, 1), log('a', 1, 2), log('b', 0, 0)), ['a0']);
    assert.deepEqual(drop({ podBytes: 20 }, log('a', 0, 1), log('b', 0, 2), log('a', 1, 3)), ['a0']);
    assert.deepEqual(drop({ nodeBytes: 15 }, log('a', 0, 1), log('b', 0, 2)), ['a0']);
    assert.deepEqual(drop({ nodeBytes: 0 }, log('a', 0, 1)), ['a0']);
    assert.deepEqual(drop({ nodeLogs: 1 }, log('a', 0, 1), log('b', 0, 2)), ['a0']);
  });

  it('looks at the logs of each pod once, however many pods there were', () => {
    let looks = 0;
    const pods = Array.from({ length: 500 }, (_, at) => ({
      uid: `u${at}`,
      get logs() {
        looks += 1;
        return [log('a', 0, 0)];
      },
    }));
    const wide = { nodeBytes: 1e6, nodeLogs: 100, podBytes: 1e6, attempts: 5, maxAgeMs: 1000 };
    assert.equal(findLogsToDrop(pods, wide, 1000).length, 400);
    assert.equal(looks, pods.length);
  });
});

describe('KeptLogs', () => {
  const pod = makePod();

  async function inFolder(
    work: (open: (rest?: Partial<KeptLogsOptions>) => Promise<KeptLogs>, folder: string) => Promise<void>,
  ) {
    const folder = await mkdtemp(join(tmpdir(), 'kept-'));
    const clock = new FakeClock(Date.now());
    const open = async (rest: Partial<KeptLogsOptions> = {}) => {
      const logs = new KeptLogs({
        folder,
        runtime: {
          async *logs(id: string) {
            yield Buffer.from(`2024-05-06T07:08:09.000000001Z stdout F ${id}\n`);
          },
        },
        factsOf: () => ({ labels: { app: 'web' }, controller: 'ReplicaSet/web-1', madeAt: 1 }),
        clock,
        logger: silentLogger,
        ...rest,
      });
      await logs.load();
      return logs;
    };
    try {
      await work(open, folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  const container = (attempt: number, status: ContainerState['status'] = exited(1)) =>
    makeContainer(pod, status, { attempt, id: `c${attempt}` });
  const { uid, namespace = '' } = pod.metadata;

  it('has what ended, also for the next kubelet, and whose it was', () =>
    inFolder(async (open) => {
      const before = await open();
      await Promise.all([before.keep(container(0)), before.keep(container(0)), before.keep(container(1))]);
      await before.keep(container(2, running));
      for (const logs of [before, await open()]) {
        assert.deepEqual(
          logs.logsOf(uid, 'a').map(({ attempt }) => attempt),
          [1, 0],
        );
        const [text] = await logs.read(uid, { container: 'a', attempt: 1 }, all);
        assert.equal(text?.toString(), 'c1\n');
        const [found] = logs.podsOf(namespace);
        assert.deepEqual([found?.labels, found?.controller], [{ app: 'web' }, 'ReplicaSet/web-1']);
        assert.deepEqual(logs.podsOf('other'), []);
      }
    }));

  it('keeps nothing where it must not, and drops what is not its own', () =>
    inFolder(async (open, folder) => {
      const logs = await open({ budget: { attempts: 2 } });
      for (const name of ['../up', '.', 'a/b', '']) await logs.keep({ ...container(0), name });
      await logs.keep({ ...container(0), pod: { ...container(0).pod, uid: '../../etc' } });
      assert.deepEqual(await readdir(folder), []);
      for (const attempt of [0, 1, 2]) await logs.keep(container(attempt));
      assert.deepEqual((await readdir(join(folder, uid))).sort(), ['a.1.log', 'a.2.log', 'pod.json']);
      await writeFile(join(folder, uid, 'pod.json'), '{}');
      assert.deepEqual((await open()).podsOf(namespace), []);
      assert.deepEqual(await readdir(folder), []);
    }));

  it('holds nobody up when the runtime has no log', () =>
    inFolder(async (open) => {
      const logs = await open({
        runtime: {
          // biome-ignore lint/correctness/useYield: it has none
          async *logs() {
            throw new Error('configured logging driver does not support reading');
          },
        },
      });
      await logs.keep(container(0));
      assert.deepEqual(logs.logsOf(uid, 'a'), []);
    }));
});
