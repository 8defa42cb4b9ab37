import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type ClusterRecord, readRecord, writeRecord } from './cluster-record.ts';
import { checkHome, findOtherHome, homeOf, takeOver } from './home.ts';
import { lockDataDir } from './instance-lock.ts';

const record: ClusterRecord = {
  id: 'a',
  nodeName: 'w1',
  networkName: 'longshore',
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  revision: 500,
};

describe('the home of a cluster', () => {
  let root: string;
  let original: string;
  let copy: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'longshore-home-'));
    [original, copy] = [join(root, 'original'), join(root, 'copy')];
    await mkdir(original);
    await writeRecord(original, { ...record, dataDir: original });
  });
  afterEach(() => rm(root, { recursive: true }));

  const otherHomeOf = async (dataDir: string, named: readonly string[] = []) =>
    await findOtherHome({ dataDir, record: (await readRecord(dataDir)) ?? record, named });
  const makeCopy = () => cp(original, copy, { recursive: true });
  const noteHome = async (dataDir: string, home: string | undefined) => {
    const { dataDir: _, ...rest } = (await readRecord(dataDir)) ?? record;
    await writeRecord(dataDir, home === undefined ? rest : { ...rest, dataDir: home });
  };

  it('is the original and not its copy', async () => {
    await makeCopy();
    assert.equal(await otherHomeOf(original), undefined);
    assert.equal(await otherHomeOf(copy), original);
  });

  it('is where the directory was moved, and then not the copy that was made before', async () => {
    await makeCopy();
    const moved = join(root, 'moved');
    await rename(original, moved);
    assert.equal(await otherHomeOf(moved), undefined);
    await noteHome(moved, moved);
    assert.equal(await otherHomeOf(moved, [original]), undefined);
    assert.equal(await otherHomeOf(copy, [moved]), moved);
  });

  it('is where a backup was restored, and not what was there before and moved away', async () => {
    await makeCopy();
    const before = join(root, 'before');
    await rename(original, before);
    await cp(copy, original, { recursive: true });
    assert.equal(await otherHomeOf(original), undefined);
    assert.equal(await otherHomeOf(before), original);
  });

  it('is the same directory by another name', async () => {
    const link = join(root, 'link');
    await symlink(original, link);
    assert.equal(await otherHomeOf(link), undefined);
    assert.equal(await homeOf(link), original);
  });

  it('is not another cluster that stands where this one was', async () => {
    await makeCopy();
    await writeRecord(original, { ...record, id: 'b', dataDir: original });
    assert.equal(await otherHomeOf(copy), undefined);
  });

  it('is what the network names, for records of a build that noted no directory', async () => {
    await noteHome(original, undefined);
    await makeCopy();
    assert.equal(await otherHomeOf(original, [original]), undefined);
    assert.equal(await otherHomeOf(copy, [original]), original);
  });

  it('is the copy once that took over, and then neither the original nor other copies', async () => {
    await makeCopy();
    const third = join(root, 'third');
    await cp(original, third, { recursive: true });
    await takeOver(copy, original);
    await noteHome(copy, copy);
    assert.equal(await otherHomeOf(copy, [original]), undefined);
    assert.equal(await otherHomeOf(original, [original]), copy);
    assert.equal(await otherHomeOf(third, [original]), copy);
  });

  it('is told to who starts the copy, with what to do, unless that is to take over', async () => {
    await makeCopy();
    const question = { dataDir: copy, record: { id: 'a' }, named: [original] };
    await assert.rejects(
      checkHome({ ...question, takeOver: false }),
      /copy holds the cluster of .*original, which is still there.*Nothing was changed.*--data-dir .*--take-over/,
    );
    assert.equal(await checkHome({ ...question, takeOver: true }), original);
    assert.equal(await checkHome({ ...question, dataDir: original, takeOver: false }), undefined);
  });

  it('is not taken over while the original runs', async () => {
    await makeCopy();
    const lock = await lockDataDir(original);
    await assert.rejects(takeOver(copy, original), /runs on .*original \(process \d+\): stop it first/);
    await lock.release();
    assert.equal((await readRecord(original))?.dataDir, original);
  });
});
