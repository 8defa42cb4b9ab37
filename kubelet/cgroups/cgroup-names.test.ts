import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { QualityClass } from '../../api/pod-quality.ts';
import { folderOfGroup, levelGroup, podGroup, uidOfFolder } from './cgroup-names.ts';

const folders = { driver: 'cgroupfs', version: 1, top: '/engine/kubepods' } as const;
const slices = { driver: 'systemd', version: 2, top: 'a-kubepods.slice' } as const;

const cases: readonly [QualityClass, inFolders: string, inSlices: string][] = [
  ['Guaranteed', '/engine/kubepods/pod1-2', 'a-kubepods-pod1_2.slice'],
  ['Burstable', '/engine/kubepods/burstable/pod1-2', 'a-kubepods-burstable-pod1_2.slice'],
  ['BestEffort', '/engine/kubepods/besteffort/pod1-2', 'a-kubepods-besteffort-pod1_2.slice'],
];

describe('podGroup', () => {
  for (const [quality, inFolders, inSlices] of cases)
    it(`names the group of a ${quality} pod`, () => {
      assert.equal(podGroup(folders, quality, '1-2'), inFolders);
      assert.equal(podGroup(slices, quality, '1-2'), inSlices);
    });
});

describe('levelGroup', () => {
  it('is the top for guaranteed pods', () => {
    assert.equal(levelGroup(folders, 'Guaranteed'), '/engine/kubepods');
    assert.equal(levelGroup(slices, 'Guaranteed'), 'a-kubepods.slice');
  });
});

describe('folderOfGroup', () => {
  it('is the path itself, and that of slices within each other', () => {
    assert.equal(folderOfGroup(folders, '/engine/kubepods/burstable'), '/engine/kubepods/burstable');
    assert.equal(
      folderOfGroup(slices, 'a-kubepods-burstable.slice'),
      '/a.slice/a-kubepods.slice/a-kubepods-burstable.slice',
    );
  });
});

describe('uidOfFolder', () => {
  it('knows pods by their folders, and nothing else', () => {
    assert.equal(uidOfFolder(folders, 'pod1-2'), '1-2');
    assert.equal(uidOfFolder(folders, 'burstable'), undefined);
    assert.equal(uidOfFolder(folders, 'podman x'), undefined);
    assert.equal(uidOfFolder(slices, 'a-kubepods-burstable-pod1_2.slice'), '1-2');
    assert.equal(uidOfFolder(slices, 'a-kubepods-burstable.slice'), undefined);
    assert.equal(uidOfFolder(slices, 'docker-1.scope'), undefined);
  });
});
