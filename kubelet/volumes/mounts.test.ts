import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeMemoryOptions, isReachable, parseMountTable } from './mounts.ts';

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
      { id: '22', parent: '1', path: '/', type: 'ext4' },
      { id: '23', parent: '22', path: '/proc', type: 'proc' },
      { id: '24', parent: '22', path: String.raw`/data/a b\c:d`, type: 'tmpfs' },
      { id: '25', parent: '22', path: '/data/ü', type: 'tmpfs' },
    ]);
  });
});

describe('isReachable', () => {
  const mount = (id: string, parent: string, path: string) => ({ id, parent, path, type: 'tmpfs' });
  const all = [
    mount('1', '1', '/'),
    mount('2', '1', '/data'),
    mount('3', '2', '/data/pods/a'), // hidden by 5
    mount('4', '3', '/data/pods/a/b'), // and with it this
    mount('5', '2', '/data'),
    mount('6', '5', '/data/pods/a'),
    mount('7', '6', '/data/pods/a'), // over 6, which comes back when it goes
    mount('8', '1', '/data2'),
    mount('9', '77', '/elsewhere'),
  ];
  it('is true of mounts that no other lies over', () =>
    assert.deepEqual(
      all.filter((one) => isReachable(one, all)).map(({ id }) => id),
      ['1', '2', '5', '6', '7', '8', '9'],
    ));
});

describe('computeMemoryOptions', () => {
  const cases = [
    [{ mode: 0o777, swap: true }, '6.12.0', 'mode=777'],
    [{ mode: 0o3777, gid: 7, sizeBytes: 1.5, swap: true }, '6.12.0', 'mode=3777,gid=7,size=2'],
    [{ mode: 0o777, swap: false }, '6.3.0-1-amd64', 'mode=777,noswap'],
    [{ mode: 0o777, swap: false }, '6.2.16', 'mode=777'],
    [{ mode: 0o777, swap: false }, '5.10.0-30-cloud', 'mode=777'],
    [{ mode: 0o777, swap: false }, '10.0', 'mode=777,noswap'],
    [{ mode: 0o777, swap: false, pageBytes: 2_097_152 }, '10.0', 'mode=777,pagesize=2097152'],
  ] as const;
  for (const [options, kernel, words] of cases)
    it(`says ${words} on Linux ${kernel}`, () => assert.equal(computeMemoryOptions(options, kernel), words));
});
