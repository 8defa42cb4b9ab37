import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LocalVolumes } from './local-volumes.ts';

const name = 'pvc-0a1b2c3d-0000-4000-8000-0123456789ab';

describe('LocalVolumes', () => {
  let dataDir: string;
  let volumes: LocalVolumes;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'local-volumes-'));
    volumes = new LocalVolumes(dataDir);
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('makes a folder that all containers may write to, and keeps what is in it', async () => {
    const folder = await volumes.ensure(name);
    assert.equal(((await stat(folder)).mode & 0o7777).toString(8), '777');
    assert.equal(((await stat(volumes.root)).mode & 0o77).toString(8), '0');
    await writeFile(join(folder, 'data'), 'kept');
    assert.equal(await volumes.ensure(name), folder);
    assert.equal(await readFile(join(folder, 'data'), 'utf8'), 'kept');
  });

  it('begins again after a start that was killed', async () => {
    await mkdir(join(volumes.root, `..${name}`, 'left'), { recursive: true });
    const folder = await volumes.ensure(name);
    assert.equal(existsSync(join(folder, 'left')), false);
  });

  it('removes it with all in it, and nothing that links in it lead to', async () => {
    const outside = join(dataDir, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'data'), 'kept');
    const folder = await volumes.ensure(name);
    await mkdir(join(folder, 'deep'));
    await symlink(outside, join(folder, 'deep', 'link'));
    await volumes.remove(name);
    await volumes.remove(name);
    assert.equal(existsSync(folder), false);
    assert.equal(await readFile(join(outside, 'data'), 'utf8'), 'kept');
  });

  it('removes a link that stands in its place, and not what that leads to', async () => {
    const outside = join(dataDir, 'outside');
    await mkdir(outside);
    await mkdir(volumes.root);
    await symlink(outside, join(volumes.root, name));
    await volumes.remove(name);
    assert.ok(existsSync(outside));
    assert.equal(existsSync(join(volumes.root, name)), false);
  });

  for (const other of [
    '',
    '.',
    '..',
    '../pods',
    `${name}/..`,
    `/${name}`,
    `${name}\0`,
    `x${name}`,
    'pvc-',
    name.toUpperCase(),
  ])
    it(`takes no order for ${JSON.stringify(other)}`, async () => {
      await assert.rejects(volumes.ensure(other), /is not the name of a local volume/);
      await assert.rejects(volumes.remove(other), /is not the name of a local volume/);
    });
});
