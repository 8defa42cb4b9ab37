/** Files of volumes under attack: links in the way, folders that change while they are looked at, other users of the node. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { PodSpec } from '../../api/types/core/v1.ts';
import { systemClock } from '../../base/clock.ts';
import type { PodObject } from '../../kubelet/model/pod.ts';
import { mountsBelow, unmountBelow } from '../../kubelet/volumes/mounts.ts';
import { openBeneath } from '../../kubelet/volumes/open-beneath.ts';
import { bindSubPath } from '../../kubelet/volumes/sub-paths.ts';
import { unusedSources } from '../../kubelet/volumes/testing/unused-sources.ts';
import { Volumes } from '../../kubelet/volumes/volumes.ts';

const run = promisify(execFile);

let root: string;
before(() => assert(process.env.LONGSHORE_SANDBOX !== undefined, 'This test mounts: it runs in the sandbox only'));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'volume-files-'));
});
afterEach(async () => {
  await unmountBelow(root);
  await rm(root, { recursive: true });
});

/** Turns `name` from a folder into a link to `outside` and back, as fast as it can. */
const swapping = `
  const { mkdirSync, renameSync, rmSync, symlinkSync } = require('node:fs');
  const { workerData: { name, outside }, parentPort } = require('node:worker_threads');
  const [link, folder] = [name + '.link', name + '.folder'];
  const reset = () => {
    for (const path of [name, link, folder]) rmSync(path, { recursive: true, force: true });
    mkdirSync(name);
    symlinkSync(outside, link);
  };
  reset();
  parentPort.postMessage('swapping');
  for (;;) {
    try {
      renameSync(name, folder);
      renameSync(link, name);
      renameSync(name, link);
      renameSync(folder, name);
    } catch {
      try {
        reset(); // whoever looks for it has made it anew, or removed all
      } catch {}
    }
  }`;

async function whileSwapping(name: string, outside: string, act: () => Promise<void>): Promise<void> {
  const worker = new Worker(swapping, { eval: true, workerData: { name, outside } });
  await once(worker, 'message');
  try {
    await act();
  } finally {
    await worker.terminate();
  }
}

describe('a path in a volume, while a folder on it becomes a link and a folder again', () => {
  let volume: string;
  let outside: string;
  beforeEach(async () => {
    volume = join(root, 'volume');
    outside = join(root, 'outside');
    await mkdir(join(volume, 'a'), { recursive: true });
    await mkdir(join(outside, 'sub'), { recursive: true });
    for (const folder of [outside, join(outside, 'sub')]) await writeFile(join(folder, 'host-file'), 'secret');
  });

  const untouched = async () => {
    assert.deepEqual((await readdir(outside)).sort(), ['host-file', 'sub']);
    assert.deepEqual(await readdir(join(outside, 'sub')), ['host-file']);
  };

  it('never opens what is outside', async () => {
    const outcomes = { opened: 0, refused: 0 };
    await whileSwapping(join(volume, 'a/swapped'), outside, async () => {
      for (let tries = 0; tries < 10_000; tries += 1) {
        const path = tries % 2 === 0 ? 'a/swapped' : 'a/swapped/sub';
        const held = await openBeneath({ folder: volume, path }).catch(() => undefined);
        if (held === undefined) {
          outcomes.refused += 1;
          continue;
        }
        assert(!existsSync(`/proc/self/fd/${held.fd}/host-file`), `try ${tries} escaped`);
        await held.close();
        outcomes.opened += 1;
      }
    });
    assert(outcomes.opened > 0 && outcomes.refused > 0, `the race was none: ${JSON.stringify(outcomes)}`);
    await untouched();
  });

  it('never mounts what is outside', async () => {
    const target = join(root, 'kubelet/target');
    let mounted = 0;
    await whileSwapping(join(volume, 'a/swapped'), outside, async () => {
      for (let tries = 0; tries < 400; tries += 1) {
        const path = tries % 2 === 0 ? 'a/swapped' : 'a/swapped/sub';
        const bound = bindSubPath({ volume, path, target, propagates: false });
        if (
          await bound.then(
            () => true,
            () => false,
          )
        )
          mounted += 1;
        assert(!existsSync(join(target, 'host-file')), `try ${tries} escaped`);
      }
    });
    assert(mounted > 0, 'some tries must succeed, or nothing was tried');
    assert((await mountsBelow(target)).length <= 1, 'each mount replaces the one before');
    await untouched();
  });
});

describe('bindSubPath', () => {
  const bind = (path: string, target: string) =>
    bindSubPath({ volume: join(root, 'volume'), path, target: join(root, target), propagates: false });

  it('shows folders and files, whatever their names, and what is found by links inside', async () => {
    await mkdir(join(root, 'volume/a b:c,d'), { recursive: true });
    await writeFile(join(root, 'volume/a b:c,d/file'), 'text');
    await symlink('a b:c,d', join(root, 'volume/link'));
    await bind('a b:c,d', 'one');
    assert.equal(await readFile(join(root, 'one/file'), 'utf8'), 'text');
    await bind('link/file', 'two');
    assert.equal(await readFile(join(root, 'two'), 'utf8'), 'text');
    await bind('link', 'two'); // a file's place becomes a folder's
    assert.deepEqual(await readdir(join(root, 'two')), ['file']);
  });

  it('shows the same when its name leads elsewhere later', async () => {
    await mkdir(join(root, 'volume/data'), { recursive: true });
    await bind('data', 'one');
    await rm(join(root, 'volume/data'), { recursive: true });
    await symlink('/', join(root, 'volume/data'));
    assert(!existsSync(join(root, 'one/etc')));
  });

  it('leaves mounts of the node alone when it goes', async () => {
    await mkdir(join(root, 'volume/data/disk'), { recursive: true });
    await run('mount', ['--bind', join(root, 'volume'), join(root, 'volume')]);
    await run('mount', ['--make-shared', join(root, 'volume')]);
    for (const propagates of [false, true]) {
      await bindSubPath({ volume: join(root, 'volume'), path: 'data', target: join(root, 'one'), propagates });
      await run('mount', ['-t', 'tmpfs', 'tmpfs', join(root, 'volume/data/disk')]);
      assert.equal((await mountsBelow(join(root, 'one'))).length, 2, 'it is seen in both places');
      await unmountBelow(join(root, 'one'));
      assert.equal((await mountsBelow(join(root, 'volume/data/disk'))).length, 1);
      await run('umount', [join(root, 'volume/data/disk')]);
    }
  });
});

describe('volumes of a pod', () => {
  const uid = '00000000-0000-0000-0000-000000000001';
  const secretText = 'a-secret-nobody-else-may-read';
  const data = new Map([['key', Buffer.from(secretText)]]);
  const open = () =>
    new Volumes({
      dataDir: join(root, 'kubelet'),
      clock: systemClock,
      data: { configMap: async () => data, secret: async () => data },
      ...unusedSources(),
      tokens: { token: async () => secretText },
      fieldsOf: () => ({ nodeIp: '', podIp: '', allocatable: {} }),
    });

  function podWith(volumes: NonNullable<PodSpec['volumes']>, spec: Partial<PodSpec> = {}): PodObject {
    const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'pod', namespace: 'default', uid, resourceVersion: '1', creationTimestamp: '' },
      spec: { containers: [{ name: 'c', image: 'i', volumeMounts }], volumes, ...spec },
    };
  }

  const token = { serviceAccountToken: { path: 'token' } };
  const secrets: NonNullable<PodSpec['volumes']> = [
    { name: 'secret', secret: { secretName: 's' } },
    { name: 'token', projected: { sources: [token] } },
    { name: 'mixed', projected: { sources: [{ configMap: { name: 'c' } }, { secret: { name: 's' } }] } },
  ];
  const typesBelow = async () => (await mountsBelow(join(root, 'kubelet'))).map(({ type }) => type);

  it('keeps secrets and tokens in memory, and other contents on the disk', async () => {
    const made = await open().setUp(podWith([...secrets, { name: 'map', configMap: { name: 'c' } }]));
    assert.deepEqual(await typesBelow(), ['tmpfs', 'tmpfs', 'tmpfs']);
    for (const { name } of secrets) {
      const hostPath = made.get(name)?.hostPath ?? '';
      assert.deepEqual(
        (await mountsBelow(hostPath)).map(({ path }) => path),
        [hostPath],
      );
    }
    await run('umount', ['-l', ...secrets.map(({ name }) => made.get(name)?.hostPath ?? '')]);
    const left = await run('grep', ['-rl', secretText, join(root, 'kubelet')]);
    assert.equal(left.stdout.trim().split('\n').length, 1, 'only the ConfigMap is on the disk');
  });

  it('shows nothing of it to other users of the node', async () => {
    await chmod(root, 0o755);
    const made = await open().setUp(podWith([...secrets, { name: 'empty', emptyDir: {} }]));
    for (const [, { hostPath }] of made) {
      const asOther = run('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'ls', hostPath]);
      await assert.rejects(asOther, /Permission denied/);
    }
  });

  it('adopts what a kubelet before it made, and takes all of it down', async () => {
    const pod = podWith([...secrets, { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1500m' } }]);
    const made = await open().setUp(pod);
    const memory = made.get('memory')?.hostPath ?? '';
    await writeFile(join(memory, 'kept'), '');
    assert.deepEqual(await open().setUp(pod), made);
    assert.equal((await typesBelow()).length, 4);
    assert.deepEqual(await readdir(memory), ['kept']);
    await open().tearDown(uid);
    assert.deepEqual(await typesBelow(), []);
    assert.deepEqual(await open().knownUids(), []);
  });

  it('are never on a disk that was not asked for', async () => {
    for (const [medium, reason] of [
      ['HugePages-2Mi', /requests no huge pages of 2Mi/],
      ['Tape', /medium Tape is not supported/],
    ] as const)
      await assert.rejects(open().setUp(podWith([{ name: 'empty', emptyDir: { medium } }])), reason);
  });

  it('finishes a folder that a killed kubelet began', async () => {
    const spec = { securityContext: { fsGroup: 4711 } };
    const pod = podWith([{ name: 'empty', emptyDir: {} }], spec);
    const folder = join(root, 'kubelet/pods', uid, 'volumes/empty-dir');
    await mkdir(join(folder, '..empty'), { recursive: true });
    await open().setUp(pod);
    const { mode, gid } = await stat(join(folder, 'empty'));
    assert.deepEqual([mode & 0o7777, gid], [0o2777, 4711]);
    assert.deepEqual(await readdir(folder), ['empty']);
    await chmod(join(folder, 'empty'), 0o700);
    await open().setUp(pod);
    assert.equal((await stat(join(folder, 'empty'))).mode & 0o777, 0o700, 'what its containers do with it stays');
  });

  it('are removed without what links and mounts in them show', async () => {
    const outside = join(root, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'file'), '');
    const made = await open().setUp(podWith([{ name: 'empty', emptyDir: {} }]));
    const empty = made.get('empty')?.hostPath ?? '';
    await symlink(outside, join(empty, 'link'));
    await mkdir(join(empty, 'bound'));
    await run('mount', ['--bind', outside, join(empty, 'bound')]);
    await bindSubPath({
      volume: outside,
      path: '.',
      target: join(root, 'kubelet/pods', uid, 'sub-paths/c/0'),
      propagates: false,
    });
    await open().tearDown(uid);
    assert.deepEqual(await readdir(outside), ['file']);
    assert.deepEqual(await open().knownUids(), []);
  });

  it('removes nothing through a link that appears while it works', async () => {
    const outside = join(root, 'outside');
    for (let rounds = 0; rounds < 40; rounds += 1) {
      await mkdir(join(outside, 'deep'), { recursive: true });
      await writeFile(join(outside, 'deep/file'), '');
      const made = await open().setUp(podWith([{ name: 'empty', emptyDir: {} }]));
      const empty = made.get('empty')?.hostPath ?? '';
      await whileSwapping(join(empty, 'swapped'), outside, async () => {
        await open()
          .tearDown(uid)
          .catch(() => undefined); // it cannot finish while others write there
      });
      assert.deepEqual(await readdir(join(outside, 'deep')), ['file']);
      await open().tearDown(uid);
    }
  });
});
