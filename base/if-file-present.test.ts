import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ifFilePresent } from './if-file-present.ts';

describe('ifFilePresent', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'if-file-present-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('brings what is there', async () => {
    const path = join(folder, 'there');
    await writeFile(path, 'text');
    assert.equal(await ifFilePresent(readFile(path, 'utf8')), 'text');
  });

  it('says undefined of a file that is not there, and of a process that ended meanwhile', async () => {
    assert.equal(await ifFilePresent(readFile(join(folder, 'none'))), undefined);
    assert.equal(await ifFilePresent(Promise.reject(Object.assign(new Error(), { code: 'ESRCH' }))), undefined);
  });

  it('throws everything else as it is', async () => {
    await assert.rejects(ifFilePresent(readFile(folder)), { code: 'EISDIR' });
    await assert.rejects(ifFilePresent(Promise.reject(new Error('other'))), /other/);
  });
});
