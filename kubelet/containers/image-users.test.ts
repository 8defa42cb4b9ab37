import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findImageUser } from './image-users.ts';

const accounts = {
  passwd:
    '# people\nroot:x:0:0:root:/:/bin/sh\napp:x:1500:1600:app:/home/app:/bin/sh\nlisted:x:1700:1700::/:/bin/sh\nbad:x\n',
  group: 'root:x:0:\napp:x:1600:\nextra:x:1800:app,listed\nmore:x:1900:listed\nmore:x:1900:listed\nbad:x:z:listed\n',
};

describe('findImageUser', () => {
  const cases: readonly [user: string, gid: number, groups: readonly number[]][] = [
    ['', 0, []],
    ['0', 0, []],
    ['root', 0, []],
    ['1700', 1700, [1800, 1900]],
    ['01700', 1700, [1800, 1900]],
    ['listed', 1700, [1800, 1900]],
    ['app', 1600, [1800]],
    ['4242', 0, []],
    ['unknown', 0, []],
    ['bad', 0, []],
  ];
  for (const [user, gid, groups] of cases)
    it(`finds "${user}" in ${gid} and ${JSON.stringify(groups)}`, () =>
      assert.deepEqual(findImageUser(accounts, user), { gid, groups }));

  it('knows nobody in an image without accounts', () =>
    assert.deepEqual(findImageUser({ passwd: '', group: '' }, '7'), { gid: 0, groups: [] }));
});
