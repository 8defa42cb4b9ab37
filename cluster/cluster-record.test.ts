import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type ClusterRecord, checkStoreIsThere, readRecord, whyNotTheSame, writeRecord } from './cluster-record.ts';

const record: ClusterRecord = {
  id: 'a',
  nodeName: 'w1',
  networkName: 'longshore',
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  revision: 500,
};

describe('whyNotTheSame', () => {
  const why = (found: { id: string; revision: number }, more: object = {}) =>
    whyNotTheSame({ dataDir: '/data', record, found, acceptOlderData: false, ...more });

  it('has nothing against the same cluster, as far as it was or further', () => {
    for (const revision of [500, 501]) assert.equal(why({ id: 'a', revision }), undefined);
  });

  it('has nothing against any cluster in a folder that knew none', () => {
    assert.equal(why({ id: 'b', revision: 1 }, { record: undefined }), undefined);
  });

  it('refuses another cluster', () => {
    assert.match(why({ id: 'b', revision: 900 }) ?? '', /\/data belongs to cluster a, but this etcd keeps cluster b\./);
    assert.match(why({ id: 'b', revision: 900 }, { acceptOlderData: true }) ?? '', /belongs to cluster a/);
  });

  it('refuses older data until they are accepted', () => {
    assert.match(why({ id: 'a', revision: 499 }) ?? '', /older \(revision 499\).*\n.*label=longshore\.dev\/cluster=a/);
    assert.equal(why({ id: 'a', revision: 499 }, { acceptOlderData: true }), undefined);
  });
});

describe('a data directory', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'longshore-record-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('remembers its cluster', async () => {
    assert.equal(await readRecord(dataDir), undefined);
    await writeRecord(dataDir, record);
    assert.deepEqual(await readRecord(dataDir), record);
  });

  it('says what to do about a damaged record', async () => {
    await writeFile(join(dataDir, 'cluster.json'), '{"id":');
    await assert.rejects(readRecord(dataDir), /cluster\.json.*cannot be read/);
  });

  it('is refused when its store is gone, and new without a record', async () => {
    assert.throws(() => checkStoreIsThere(dataDir, record), /etcd\/data is empty.*Put a backup/);
    checkStoreIsThere(dataDir, undefined);
    await mkdir(join(dataDir, 'etcd', 'data', 'member'), { recursive: true });
    checkStoreIsThere(dataDir, record);
  });
});
