import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { FileCgroups } from './file-cgroups.ts';

/** A folder with files as the kernel makes them: empty ones, unless something else is said. */
async function withTree(
  files: Readonly<Record<string, string>>,
  test: (root: string, read: (path: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'file-cgroups-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await test(root, (path) => readFile(join(root, path), 'utf8'));
  } finally {
    await rm(root, { recursive: true });
  }
}

const settings = { cpuShares: 1024, cpuQuota: 50_000, cpuPeriod: 100_000, memoryBytes: 4096, maxPids: 7 };

describe('FileCgroups', () => {
  it('writes to the hierarchy of each controller that there is, with version 1', async () => {
    const files = ['cpu/a/b/cpu.shares', 'cpu/a/b/cpu.cfs_quota_us', 'memory/a/b/memory.limit_in_bytes'];
    await withTree(Object.fromEntries(files.map((file) => [file, ''])), async (root, read) => {
      await new FileCgroups({ driver: 'cgroupfs', version: 1, top: '/a' }, root).set('/a/b', settings);
      assert.deepEqual(await Promise.all(files.map(read)), ['1024', '50000', '4096']);
      assert.equal(existsSync(join(root, 'pids')), false);
    });
  });

  it('hands on controllers from the root on, and writes those that came through, with version 2', async () => {
    const files = {
      'cgroup.controllers': 'cpu memory pids misc',
      'cgroup.subtree_control': 'memory',
      'a/cgroup.controllers': 'cpu memory',
      'a/cgroup.subtree_control': '',
      'a/b/cgroup.controllers': 'cpu memory',
      'a/b/cpu.weight': '',
      'a/b/cpu.max': '',
      'a/b/memory.max': '',
    };
    await withTree(files, async (root, read) => {
      await new FileCgroups({ driver: 'cgroupfs', version: 2, top: '/a' }, root).set('/a/b', settings);
      const names = ['cgroup.subtree_control', 'a/cgroup.subtree_control', 'a/b/cpu.weight', 'a/b/cpu.max'];
      assert.deepEqual(await Promise.all(names.map(read)), ['+cpu +pids', '+cpu +memory', '39', '50000 100000']);
      assert.equal(await read('a/b/memory.max'), '4096');
    });
  });

  it('says what cannot be written', async () => {
    await withTree({ 'cpu/else': '' }, async (root) => {
      const cgroups = new FileCgroups({ driver: 'cgroupfs', version: 1, top: '/a' }, root);
      await assert.rejects(cgroups.set('/a', { cpuShares: 2 }), { code: 'ENOENT' });
    });
  });

  it('removes a group with what is below it, everywhere, and what is not there too', async () => {
    await withTree({ 'cpu/x': '', 'memory/x': '' }, async (root) => {
      const cgroups = new FileCgroups({ driver: 'cgroupfs', version: 1, top: '/a' }, root);
      await mkdir(join(root, 'cpu/a/b/c'), { recursive: true });
      await mkdir(join(root, 'memory/a/d'), { recursive: true });
      assert.deepEqual([...(await cgroups.below('/a'))].sort(), ['b', 'd']);
      await cgroups.remove('/a');
      await cgroups.remove('/a');
      assert.deepEqual([existsSync(join(root, 'cpu/a')), existsSync(join(root, 'memory/a'))], [false, false]);
    });
  });

  it('leaves a group that is in use', async () => {
    await withTree({ 'cpu/a/b/cgroup.procs': '1', 'memory/x': '' }, async (root) => {
      await new FileCgroups({ driver: 'cgroupfs', version: 1, top: '/a' }, root).remove('/a');
      assert.equal(existsSync(join(root, 'cpu/a/b')), true);
    });
  });
});
