import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { apiVersionOf, parseApiVersion } from './resource.ts';

describe('parseApiVersion', () => {
  const readings: [apiVersion: string, parsed: ReturnType<typeof parseApiVersion>][] = [
    ['v1', { group: '', version: 'v1' }],
    ['apps/v1', { group: 'apps', version: 'v1' }],
    ['', { group: '', version: '' }],
    ['/v1', { group: '', version: 'v1' }],
    ['apps/', { group: 'apps', version: '' }],
    ['a/b/c', undefined],
  ];
  for (const [apiVersion, parsed] of readings) {
    it(`reads "${apiVersion}"`, () => assert.deepEqual(parseApiVersion(apiVersion), parsed));
  }

  it('reads what apiVersionOf writes', () => {
    for (const apiVersion of ['v1', 'apps/v1'])
      assert.equal(apiVersionOf(parseApiVersion(apiVersion) ?? assert.fail()), apiVersion);
  });
});
