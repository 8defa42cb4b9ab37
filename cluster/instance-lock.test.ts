import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { lockCluster, lockDataDir, ownerOf, runnerOf } from './instance-lock.ts';

describe('lockDataDir', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-lock-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('lets one in, and tells the second who that is and what to do', async () => {
    const lock = await lockDataDir(folder);
    assert.equal(await ownerOf(folder), process.pid);
    await assert.rejects(lockDataDir(folder), new RegExp(`process ${process.pid}.*kill ${process.pid}.*--data-dir`));
    await lock.release();
    assert.equal(await ownerOf(folder), undefined);
    await (await lockDataDir(folder)).release();
  });

  it('takes over from a process that is gone, and from another that got its number', async () => {
    await writeFile(join(folder, 'longshore.pid'), '4194399 1\n');
    assert.equal(await ownerOf(folder), undefined);
    await writeFile(join(folder, 'longshore.pid'), `${process.pid} 1\n`);
    assert.equal(await ownerOf(folder), undefined);
    await (await lockDataDir(folder)).release();
  });

  it('takes over from a file that says nothing', async () => {
    await writeFile(join(folder, 'longshore.pid'), '');
    await (await lockDataDir(folder)).release();
  });

  it('is not held in a copy of the folder, and still is where the folder was moved', async () => {
    const [copy, moved] = [`${folder}-copy`, `${folder}-moved`];
    const lock = await lockDataDir(folder);
    await cp(folder, copy, { recursive: true });
    assert.equal(await ownerOf(copy), undefined);
    await rename(folder, moved);
    assert.equal(await ownerOf(moved), process.pid);
    await rename(moved, folder);
    await rm(copy, { recursive: true });
    await lock.release();
  });

  it('is held by a process of a build that did not name the folder, while that has a file there open', async () => {
    const lock = await lockDataDir(folder);
    const file = join(folder, 'longshore.pid');
    const [pid, startTime] = (await readFile(file, 'utf8')).split(' ');
    await writeFile(file, `${pid} ${startTime}\n`);
    assert.equal(await ownerOf(folder), undefined);
    const log = await open(join(folder, 'longshore.log'), 'a');
    assert.equal(await ownerOf(folder), process.pid);
    await log.close();
    await lock.release();
  });

  it('takes over from a process that ended and that its parent has not asked about', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $! $(cut -d" " -f22 /proc/$!/stat); exec tail -f /dev/null']);
    const [words] = (await once(parent.stdout, 'data')) as [Buffer];
    const [pid = '', startTime = ''] = words.toString().trim().split(' ');
    const file = join(folder, 'longshore.pid');
    const lock = await lockDataDir(folder);
    const [, , directory] = (await readFile(file, 'utf8')).trim().split(' ');
    await writeFile(file, `${pid} ${startTime} ${directory}\n`);
    await whenZombie(pid);
    assert.equal(await ownerOf(folder), undefined);
    await end(parent);
    await lock.release();
  });
});

describe('lockCluster', () => {
  it('says which process works for a cluster, whatever directory it was started on', async () => {
    const root = await mkdtemp(join(tmpdir(), 'longshore-run-'));
    assert.equal(await runnerOf('a', root), undefined);
    const lock = await lockCluster('a', root);
    assert.equal(await runnerOf('a', root), process.pid);
    assert.equal(await runnerOf('b', root), undefined);
    await lock.release();
    assert.equal(await runnerOf('a', root), undefined);
    assert.equal(existsSync(root), false, 'the last one takes the folder with it');
  });
});

async function whenZombie(pid: string): Promise<void> {
  while (!(await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') Z ')) await setImmediate();
}

async function end(child: ChildProcess): Promise<void> {
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;
}
