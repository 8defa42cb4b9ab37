import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ensureHostPath } from './host-path.ts';

describe('ensureHostPath', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'host-path-'));
    await writeFile(join(root, 'file'), '');
  });
  afterEach(() => rm(root, { recursive: true }));

  it('makes what is missing where the type says so, or says nothing', async () => {
    for (const type of ['', 'DirectoryOrCreate']) {
      await ensureHostPath(join(root, `deep/${type}x`), type);
      assert((await stat(join(root, `deep/${type}x`))).isDirectory());
    }
    await ensureHostPath(join(root, 'new:file'), 'FileOrCreate');
    assert((await stat(join(root, 'new:file'))).isFile());
  });

  it('takes whatever is there when no type is said', async () => {
    await ensureHostPath(join(root, 'file'), '');
    await ensureHostPath('/dev/null', '');
  });

  it('refuses something else than the type says, and nothing', async () => {
    const cases = [
      ['file', 'Directory', /is not a directory/],
      ['file', 'DirectoryOrCreate', /is not a directory/],
      ['none', 'Directory', /is not a directory/],
      ['none', 'File', /is not a file/],
      ['.', 'FileOrCreate', /is not a file/],
      ['file', 'Socket', /is not a socket file/],
      ['file', 'BlockDevice', /is not a block device/],
      ['file', 'Anything', /invalid volume type/],
    ] as const;
    for (const [path, type, words] of cases) await assert.rejects(ensureHostPath(join(root, path), type), words);
  });

  it('takes no path that depends on where the kubelet was started', async () => {
    for (const type of ['', 'DirectoryOrCreate', 'FileOrCreate'])
      await assert.rejects(ensureHostPath('data', type), /must be an absolute path/);
  });
});
