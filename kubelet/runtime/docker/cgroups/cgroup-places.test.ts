import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCgroupPlace, parseCgroupMounts } from './cgroup-places.ts';

const first = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw`;
const second = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';

describe('places of control groups', () => {
  const find = (mountinfo: string, procCgroup: string, id = '3f2a') =>
    findCgroupPlace(procCgroup, { mounts: parseCgroupMounts(mountinfo), id });

  it('are found in both versions, and as cgroupfs and systemd name them', () => {
    for (const [mountinfo, procCgroup, path, memory, cpu] of [
      [
        first,
        '9:memory:/docker/3f2a\n4:cpu,cpuacct:/docker/3f2a\n1:name=systemd:/docker/3f2a\n0::/docker/3f2a\n',
        '/docker/3f2a',
        '/sys/fs/cgroup/memory/docker/3f2a',
        '/sys/fs/cgroup/cpu,cpuacct/docker/3f2a',
      ],
      [
        second,
        '0::/system.slice/docker-3f2a.scope\n',
        '/system.slice/docker-3f2a.scope',
        '/sys/fs/cgroup/system.slice/docker-3f2a.scope',
        '/sys/fs/cgroup/system.slice/docker-3f2a.scope',
      ],
      [
        second.replace(' / /sys', ' /outer /sys'),
        '0::/outer/docker/3f2a',
        '/outer/docker/3f2a',
        '/sys/fs/cgroup/docker/3f2a',
        '/sys/fs/cgroup/docker/3f2a',
      ],
    ] as const) {
      const place = find(mountinfo, procCgroup);
      assert.deepEqual([place?.path, place?.folderOf('memory'), place?.folderOf('cpu')], [path, memory, cpu]);
    }
  });

  it('are none where they cannot be seen, or where they are of another process', () => {
    for (const [mountinfo, procCgroup] of [
      [second, ''],
      [second, '0::/user.slice/session-1.scope'],
      [second, '0::/../docker/3f2a'],
      [second.replace(' / /sys', ' /outer /sys'), '0::/docker/3f2a'],
      [first.replace('rw,memory', 'rw,devices'), '9:memory:/docker/3f2a'],
      ['', '0::/docker/3f2a'],
    ] as const)
      assert.equal(find(mountinfo, procCgroup), undefined, procCgroup);
  });
});
