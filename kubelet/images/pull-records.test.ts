import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PullRecords } from './pull-records.ts';

const used = (hash: string) => ({ source: { namespace: 'ns', name: 's', uid: 'u' }, hash });
const image = 'r.example/app:1';

/** What kubelets on the same data remember, one after the other. */
async function inFolder(
  work: (start: (present?: Readonly<Record<string, string>>) => Promise<PullRecords>, folder: string) => Promise<void>,
): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'longshore-records-'));
  const start = async (present: Readonly<Record<string, string>> = {}) => {
    const records = new PullRecords(dataDir);
    await records.load(async (name) => present[name]);
    return records;
  };
  try {
    await work(start, join(dataDir, 'image-pulls'));
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

describe('records of pulls', () => {
  it('outlive the kubelet, readable by nobody else', () =>
    inFolder(async (start, folder) => {
      const records = await start();
      await records.pullBegins(image);
      assert.ok(records.isBeingPulled(image));
      await records.pulled(image, 'sha256:1', used('h'));
      assert.ok(!records.isBeingPulled(image));
      const again = await start();
      assert.deepEqual(again.recordOf('sha256:1'), records.recordOf('sha256:1'));
      assert.deepEqual(again.recordOf('sha256:1')?.repositories['r.example/app']?.secrets[0]?.hash, 'h');
      assert.deepEqual(await readdir(join(folder, 'pulling')), []);
      assert.equal((await stat(folder)).mode & 0o777, 0o700);
      for (const file of await readdir(join(folder, 'pulled')))
        assert.equal((await stat(join(folder, 'pulled', file))).mode & 0o777, 0o600);
    }));

  it('say of a pull that a killed kubelet did not see end that the image is for nobody', () =>
    inFolder(async (start) => {
      const killed = await start();
      await killed.pullBegins(image);
      await killed.pullBegins('r.example/none:1');
      const next = await start({ [image]: 'sha256:1' });
      assert.deepEqual(next.recordOf('sha256:1'), { imageId: 'sha256:1', repositories: {} });
      assert.ok(!next.isBeingPulled(image));
      assert.deepEqual((await start()).recordOf('sha256:1'), { imageId: 'sha256:1', repositories: {} });
    }));

  it('keep what was known of such an image before', () =>
    inFolder(async (start) => {
      const killed = await start();
      await killed.noteAccess(image, 'sha256:1', undefined);
      await killed.pullBegins(image);
      const next = await start({ [image]: 'sha256:1' });
      assert.equal(next.recordOf('sha256:1')?.repositories['r.example/app']?.anybody, true);
    }));

  it('end with the last of several pulls of a name', () =>
    inFolder(async (start) => {
      const records = await start();
      await records.pullBegins(image);
      await records.pullBegins(image);
      await records.pullFailed(image);
      assert.ok(records.isBeingPulled(image));
      await records.pullFailed(image);
      assert.ok(!records.isBeingPulled(image));
    }));

  it('do not know how a pull ended that was given up, until the next that succeeds', () =>
    inFolder(async (start) => {
      const records = await start();
      await records.pullBegins(image);
      records.pullAbandoned(image);
      assert.ok(records.isBeingPulled(image));
      await records.pullBegins(image);
      await records.pullFailed(image);
      assert.ok(records.isBeingPulled(image));
      assert.deepEqual((await start({ [image]: 'sha256:1' })).recordOf('sha256:1')?.repositories, {});
      await records.pullBegins(image);
      await records.pulled(image, 'sha256:2', undefined);
      assert.ok(!records.isBeingPulled(image));
    }));

  it('go with their images', () =>
    inFolder(async (start) => {
      const records = await start();
      for (const id of ['sha256:1', 'sha256:2', 'sha256:3']) await records.noteAccess(image, id, undefined);
      await records.forget('sha256:1');
      await records.forget('sha256:1');
      await records.retain(new Set(['sha256:3']));
      for (const one of [records, await start()])
        assert.deepEqual(
          ['sha256:1', 'sha256:2', 'sha256:3'].map((id) => one.recordOf(id) !== undefined),
          [false, false, true],
        );
    }));

  it('that are damaged are for nobody, and half-written ones go', () =>
    inFolder(async (start, folder) => {
      const records = await start();
      await records.noteAccess(image, 'sha256:1', undefined);
      const [file = ''] = await readdir(join(folder, 'pulled'));
      for (const text of ['{', '[]', '{"repositories":{"r.example/app":{"anybody":"yes","secrets":[{"name":1}]}}}']) {
        await writeFile(join(folder, 'pulled', file), text);
        const { repositories } = (await start()).recordOf('sha256:1') ?? {};
        assert.ok(Object.values(repositories ?? {}).every(({ anybody, secrets }) => !anybody && secrets.length === 0));
        assert.notEqual(repositories, undefined);
      }
      await writeFile(join(folder, 'pulled', `${file}.1.tmp`), 'x');
      await start();
      assert.deepEqual(await readdir(join(folder, 'pulled')), [file]);
    }));

  it('take names that are too long for a file', () =>
    inFolder(async (start) => {
      const long = `r.example/${'a'.repeat(250)}:${'t'.repeat(128)}`;
      await (await start()).pullBegins(long);
      assert.notEqual((await start({ [long]: 'sha256:1' })).recordOf('sha256:1'), undefined);
    }));

  it('refuse a pull that cannot be noted', () =>
    inFolder(async (start, folder) => {
      const records = await start();
      await rm(folder, { recursive: true });
      await assert.rejects(records.pullBegins(image));
      assert.ok(!records.isBeingPulled(image));
    }));
});
