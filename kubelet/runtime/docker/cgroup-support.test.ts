import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeEngineParent, computeTop, topNameFor } from './cgroup-support.ts';

describe('computeEngineParent', () => {
  const cases: readonly [what: string, text: string, parent: string | undefined][] = [
    ['version 1', '3:cpuset:/docker/c1\n2:cpu,cpuacct:/docker/c1\n1:name=systemd:/docker/c1\n0::/\n', '/docker'],
    ['a parent of its own', '8:pids:/engines/a/c1\n4:memory:/engines/a/c1\n', '/engines/a'],
    ['version 2', '0::/docker/c1\n', '/docker'],
    ['version 2 and systemd', '0::/system.slice/docker-c1.scope\n', '/system.slice'],
    ['the root', '0::/c1\n', '/'],
    ['another process', '0::/user.slice/session-1.scope\n', undefined],
    ['groups seen from below their root', '0::/../../docker/c1\n', undefined],
  ];
  for (const [what, text, parent] of cases)
    it(`finds ${parent ?? 'nothing'}: ${what}`, () => assert.equal(computeEngineParent(text, 'c1'), parent));
});

describe('computeTop', () => {
  const cases: readonly ['cgroupfs' | 'systemd', parent: string, top: string | undefined][] = [
    ['cgroupfs', '/docker', '/kubepods'],
    ['cgroupfs', '/', '/kubepods'],
    ['cgroupfs', '/engines/a', '/engines/a/kubepods'],
    ['systemd', '/system.slice', 'kubepods.slice'],
    ['systemd', '/a.slice/a-b.slice', 'a-b-kubepods.slice'],
    ['systemd', '/docker', undefined],
  ];
  for (const [driver, parent, top] of cases)
    it(`is ${top} with ${driver} below ${parent}`, () => assert.equal(computeTop(driver, parent, 'kubepods'), top));
});

describe('topNameFor', () => {
  it('tells clusters apart that share an engine', () => {
    assert.equal(topNameFor('longshore'), 'kubepods');
    assert.equal(topNameFor('second-1.x'), 'kubepods_second_1_x');
  });
});
