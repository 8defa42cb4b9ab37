import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { lockDataDir, ownerOf } from './instance-lock.ts';

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
});
