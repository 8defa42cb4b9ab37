import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { packageRoot } from '../base/package-root.ts';
import { parseDataDir } from './data-dir.ts';

describe('the data directory', () => {
  it('is a folder by its whole path', () => {
    assert.equal(parseDataDir('/srv/one/../two'), '/srv/two');
    assert.equal(parseDataDir(undefined), '/var/lib/longshore');
  });

  for (const text of ['', ' ', '/', '/..', packageRoot]) {
    it(`is never ${JSON.stringify(text)}`, () => assert.throws(() => parseDataDir(text), /--data-dir/));
  }
});
