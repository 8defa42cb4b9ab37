import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { measureTree } from './measure-tree.ts';

it('counts what lies in a folder, and nothing that links lead to', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'measure-tree-'));
  try {
    await symlink('/usr', join(folder, 'elsewhere'));
    const before = (await measureTree(folder)) ?? Number.NaN;
    assert(before < 100_000);
    await writeFile(join(folder, 'file'), Buffer.alloc(300_000, 'x'));
    const after = (await measureTree(folder)) ?? Number.NaN;
    assert(after - before >= 300_000 && after - before < 400_000, String(after - before));
    assert.equal(await measureTree(join(folder, 'none')), undefined);
  } finally {
    await rm(folder, { recursive: true });
  }
});
