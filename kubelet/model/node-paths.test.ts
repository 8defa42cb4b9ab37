import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutNodePaths } from './node-paths.ts';

describe('withoutNodePaths', () => {
  const folder = '/data/kubelet/pods/uid-1';
  const cases: readonly [text: string, shown: string][] = [
    ['no space left on device', 'no space left on device'],
    [
      `EEXIST: file already exists, mkdir '${folder}/volumes/files/a/..2026_11_29.35212/same'`,
      "EEXIST: file already exists, mkdir 'volumes/files/a'",
    ],
    [
      `path ${folder}/sub-paths/a/1 is mounted on ${folder}/sub-paths/a/1 but`,
      'path sub-paths/a/1 is mounted on sub-paths/a/1 but',
    ],
    [`error mounting "${folder}/etc-hosts" to rootfs`, 'error mounting "etc-hosts" to rootfs'],
    [`EACCES: permission denied, mkdir '${folder}'`, "EACCES: permission denied, mkdir 'the pod's folder'"],
    [
      "ENOENT: no such file or directory, open '/srv/of/the/user'",
      "ENOENT: no such file or directory, open '/srv/of/the/user'",
    ],
  ];
  for (const [text, shown] of cases) it(`says ${shown}`, () => assert.equal(withoutNodePaths(text, folder), shown));
});
