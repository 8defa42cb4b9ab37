import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { applyFsGroup } from './fs-group.ts';

describe('applyFsGroup', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'fs-group-'));
    await mkdir(join(root, 'volume/sub'), { recursive: true });
    await chmod(join(root, 'volume'), 0o755);
    await chmod(join(root, 'volume/sub'), 0o700);
    await writeFile(join(root, 'volume/sub/file'), '', { mode: 0o600 });
    await writeFile(join(root, 'outside'), '', { mode: 0o600 });
    await symlink('../outside', join(root, 'volume/link'));
  });
  after(() => execFileSync('rm', ['-rf', root])); // Node's own way ends at the longest path

  const look = async (name: string) => {
    const { gid, mode } = await stat(join(root, name));
    return [gid, (mode & 0o7777).toString(8)];
  };
  const volume = () => join(root, 'volume');

  it('gives all in a folder to the group, and nothing that links lead to', async () => {
    await applyFsGroup(volume(), { gid: 2000, readOnly: false });
    assert.deepEqual(await look('volume'), [2000, '2775']);
    assert.deepEqual(await look('volume/sub'), [2000, '2770']);
    assert.deepEqual(await look('volume/sub/file'), [2000, '660']);
    assert.deepEqual(await look('outside'), [0, '600']);
    assert.equal((await lstat(join(root, 'volume/link'))).gid, 2000);
  });

  it('looks at the root alone where the policy says so', async () => {
    await writeFile(join(root, 'volume/late'), '', { mode: 0o600 });
    await chmod(join(root, 'volume/late'), 0o600);
    await applyFsGroup(volume(), { gid: 2000, readOnly: false, policy: 'OnRootMismatch' });
    assert.equal((await look('volume/late'))[1], '600');
    await applyFsGroup(volume(), { gid: 2001, readOnly: false, policy: 'OnRootMismatch' });
    assert.deepEqual(await look('volume/late'), [2001, '660']);
  });

  it('lets a group only read what is only read', async () => {
    const file = join(root, 'volume/read');
    await writeFile(file, '');
    await chmod(file, 0o400);
    await applyFsGroup(volume(), { gid: 2002, readOnly: true });
    assert.deepEqual(await look('volume/read'), [2002, '440']);
  });

  it('does not go deeper than paths do, whatever a pod has made', async () => {
    const deep = join(root, 'deep');
    await mkdir(deep);
    const step = `p=${'d/'.repeat(1000)}; mkdir -p $p && cd -P $p`;
    execFileSync('sh', ['-c', `${step} && ${step} && ${step}`], { cwd: deep });
    await assert.rejects(applyFsGroup(deep, { gid: 2004, readOnly: false }), /folders more than 2048 deep/);
  });

  it('follows no link in the place of the folder', async () => {
    await symlink('volume', join(root, 'alias'));
    await assert.rejects(applyFsGroup(join(root, 'alias'), { gid: 2003, readOnly: false }));
  });
});
