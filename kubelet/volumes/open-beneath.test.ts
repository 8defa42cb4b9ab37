import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openBeneath, PathLeavesFolderError } from './open-beneath.ts';

describe('openBeneath', () => {
  let root: string;
  let folder: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'open-beneath-'));
    folder = join(root, 'volume');
    await mkdir(join(folder, 'a/b'), { recursive: true });
    await mkdir(join(root, 'outside'));
    await writeFile(join(folder, 'a/file'), 'inside');
    await writeFile(join(root, 'outside/file'), 'outside');
  });
  afterEach(() => rm(root, { recursive: true }));

  async function inodeOf(path: string): Promise<number> {
    const held = await openBeneath({ folder, path });
    try {
      return (await held.stat()).ino;
    } finally {
      await held.close();
    }
  }

  const links: readonly { readonly name: string; readonly to: () => string; readonly finds: string }[] = [
    { name: 'up-and-down', to: () => 'a/../a/b', finds: 'a/b' },
    { name: 'to-a-file', to: () => 'a/file', finds: 'a/file' },
    { name: 'absolute', to: () => join(folder, 'a'), finds: 'a' },
    { name: 'through-another', to: () => 'up-and-down', finds: 'a/b' },
    { name: 'out-and-in-again', to: () => '../volume/a', finds: 'a' },
    { name: 'to-the-volume', to: () => '.', finds: '.' },
  ];

  it('finds what is there', async () => {
    for (const path of ['a', 'a/b', 'a/file', '.', 'a//b/', './a/b'])
      assert.equal(await inodeOf(path), (await stat(join(folder, path))).ino, path);
  });

  it('follows links that stay inside', async () => {
    for (const { name, to, finds } of links) {
      await symlink(to(), join(folder, name));
      assert.equal(await inodeOf(name), (await stat(join(folder, finds))).ino, name);
    }
    assert.equal(await inodeOf('absolute/b'), (await stat(join(folder, 'a/b'))).ino);
  });

  it('goes beneath a folder that is reached by a link', async () => {
    await symlink(folder, join(root, 'link'));
    const held = await openBeneath({ folder: join(root, 'link'), path: 'a' });
    assert.equal((await held.stat()).ino, (await stat(join(folder, 'a'))).ino);
    await held.close();
  });

  it('follows none that lead out, and says the same of what is there and what is not', async () => {
    const outside = join(root, 'outside');
    for (const to of [
      '/',
      '..',
      outside,
      `${outside}/file`,
      `${outside}/none`,
      '../outside',
      'a/../../outside',
      '/none',
    ])
      for (const rest of ['', '/file', '/made/by/us']) {
        await symlink(to, join(folder, 'link'));
        await assert.rejects(inodeOf(`link${rest}`), (error: Error) => {
          const refused = error instanceof PathLeavesFolderError || /ENOTDIR/.test(error.message);
          assert(refused, `${to}${rest}: ${error.message}`);
          return true;
        });
        await rm(join(folder, 'link'));
      }
    assert.deepEqual(await readdir(outside), ['file']);
    assert.deepEqual((await readdir(root)).sort(), ['outside', 'volume']);
    assert.equal(await readFile(join(outside, 'file'), 'utf8'), 'outside');
  });

  it('takes no way out by its words', async () => {
    for (const path of ['..', '../outside', 'a/../../outside', '../volume2'])
      await assert.rejects(inodeOf(path), PathLeavesFolderError);
  });

  it('makes what is missing, with the mode of the folder', async () => {
    const held = await openBeneath({ folder, path: 'a/new/er' });
    await held.close();
    const { mode } = await stat(folder);
    for (const path of ['a/new', 'a/new/er']) assert.equal((await stat(join(folder, path))).mode, mode);
  });

  it('lets go of every handle, whatever comes of it', async () => {
    await symlink('/', join(folder, 'link'));
    const before = (await readdir('/proc/self/fd')).length;
    for (const path of ['a/b', 'a/file/x', 'link', 'link/x', 'link/etc/passwd'])
      await inodeOf(path).catch(() => undefined);
    assert.equal((await readdir('/proc/self/fd')).length, before);
  });
});
