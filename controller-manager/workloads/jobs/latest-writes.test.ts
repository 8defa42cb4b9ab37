import assert from 'node:assert/strict';
import { it } from 'node:test';
import { jobs } from '../../../api/resources/batch.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { LatestWrites } from './latest-writes.ts';

const version = (resourceVersion: string) => storedObject(jobs, { metadata: { name: 'work', resourceVersion } });

it('a cache that is behind what was written is not believed', () => {
  const writes = new LatestWrites();
  writes.note(version('1'), version('2'));
  writes.note(version('2'), version('3'));
  for (const behind of ['1', '2']) assert.equal(writes.of(version(behind)).metadata.resourceVersion, '3');
});

it('one that shows it, or what somebody wrote since, is', () => {
  for (const shown of ['2', '9']) {
    const writes = new LatestWrites();
    writes.note(version('1'), version('2'));
    assert.equal(writes.of(version(shown)).metadata.resourceVersion, shown);
    assert.equal(writes.of(version('1')).metadata.resourceVersion, '1', 'and nothing is kept of it');
  }
});

it('a write that changes nothing leaves the cache as it is', () => {
  const writes = new LatestWrites();
  writes.note(version('1'), version('1'));
  assert.equal(writes.of(version('1')).metadata.resourceVersion, '1');
});
