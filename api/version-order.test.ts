import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareVersions } from './version-order.ts';

describe('the order of versions', () => {
  it('is by stability, then by number, and by letters for other names', () => {
    const ordered = [
      'v10',
      'v2',
      'v1',
      'v11beta2',
      'v10beta3',
      'v3beta1',
      'v12alpha1',
      'v11alpha2',
      'foo1',
      'foo10',
      'v0',
      'v1beta',
    ];
    for (const start of [ordered, [...ordered].reverse()]) assert.deepEqual([...start].sort(compareVersions), ordered);
  });
});
