import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { measureTrees } from './measure-tree.ts';

it('measures what folders hold and follows no link; what is not there is left out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'measure-'));
  try {
    const [odd, other, none] = [join(folder, '-- a\nb'), join(folder, 'other'), join(folder, 'none')];
    await mkdir(odd);
    await mkdir(other);
    const before = (await measureTrees([odd])).get(odd);
    await writeFile(join(odd, 'file'), Buffer.alloc(3 * 2 ** 20, 1));
    await symlink('/usr', join(odd, 'link'));
    await writeFile(join(other, 'file'), Buffer.alloc(2 ** 20, 1));
    const after = await measureTrees([odd, none, other]);
    const grown = (after.get(odd)?.bytes ?? 0) - (before?.bytes ?? 0);
    assert(grown >= 3 * 2 ** 20 && grown < 4 * 2 ** 20, `grown by ${grown}`);
    assert.equal((after.get(odd)?.inodes ?? 0) - (before?.inodes ?? 0), 2);
    assert((after.get(other)?.bytes ?? 0) >= 2 ** 20);
    assert.equal(after.has(none), false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
