import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeMemoryOptions, parseMountTable } from './mounts.ts';

describe('parseMountTable', () => {
  it('reads paths as they are, and types', () => {
    const text = [
      '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
      '23 22 0:21 / /proc rw,nosuid shared:2 master:3 - proc proc rw',
      String.raw`24 22 0:39 / /data/a\040b\134c:d rw - tmpfs tmpfs rw,mode=777`,
      '25 22 0:40 /x /data/ü rw - tmpfs tmp - fs rw',
      '',
    ].join('\n');
    assert.deepEqual(parseMountTable(text), [
      { path: '/', type: 'ext4' },
      { path: '/proc', type: 'proc' },
      { path: String.raw`/data/a b\c:d`, type: 'tmpfs' },
      { path: '/data/ü', type: 'tmpfs' },
    ]);
  });
});

describe('computeMemoryOptions', () => {
  const cases = [
    [{ mode: 0o777, swap: true }, '6.12.0', 'mode=777'],
    [{ mode: 0o3777, gid: 7, sizeBytes: 1.5, swap: true }, '6.12.0', 'mode=3777,gid=7,size=2'],
    [{ mode: 0o777, swap: false }, '6.3.0-1-amd64', 'mode=777,noswap'],
    [{ mode: 0o777, swap: false }, '6.2.16', 'mode=777'],
    [{ mode: 0o777, swap: false }, '5.10.0-30-cloud', 'mode=777'],
    [{ mode: 0o777, swap: false }, '10.0', 'mode=777,noswap'],
  ] as const;
  for (const [options, kernel, words] of cases)
    it(`says ${words} on Linux ${kernel}`, () => assert.equal(computeMemoryOptions(options, kernel), words));
});
