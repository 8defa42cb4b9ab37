import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readFigures, readUsage } from './cgroup-figures.ts';

const reader =
  (files: Readonly<Record<string, string>>) =>
  (controller: string, name: string): string =>
    files[`${controller}/${name}`] ?? '';

const first = reader({
  'cpuacct/cpuacct.usage': '2500000000\n',
  'cpuacct/cpuacct.stat': 'user 150\nsystem 50\n',
  'cpu/cpu.stat': 'nr_periods 10\nnr_throttled 3\nthrottled_time 400000000\n',
  'cpu/cpu.shares': '512\n',
  'cpu/cpu.cfs_period_us': '100000\n',
  'cpu/cpu.cfs_quota_us': '50000\n',
  'memory/memory.usage_in_bytes': '1000\n',
  'memory/memory.max_usage_in_bytes': '2000\n',
  'memory/memory.failcnt': '4\n',
  'memory/memory.limit_in_bytes': '4096\n',
  'memory/memory.memsw.limit_in_bytes': '9223372036854771712\n',
  'memory/memory.soft_limit_in_bytes': '9223372036854771712\n',
  'memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
  'memory/memory.stat':
    'cache 1\nrss 1\ntotal_cache 300\ntotal_rss 400\ntotal_swap 5\ntotal_mapped_file 6\ntotal_inactive_file 200\ntotal_pgfault 7\ntotal_pgmajfault 8\n',
  'pids/pids.current': '9\n',
  'pids/pids.max': 'max\n',
  'pids/cgroup.procs': '1\n2\n',
  'blkio/blkio.throttle.io_service_bytes_recursive': '8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n',
  'blkio/blkio.throttle.io_serviced_recursive': '8:0 Read 1\n8:0 Write 2\n',
});

const second = reader({
  'cpu/cpu.stat':
    'usage_usec 2500000\nuser_usec 1500000\nsystem_usec 500000\nnr_periods 10\nnr_throttled 3\nthrottled_usec 400000\n',
  'cpu/cpu.weight': '20\n',
  'cpu/cpu.max': '50000 100000\n',
  'memory/memory.current': '1000\n',
  'memory/memory.peak': '2000\n',
  'memory/memory.max': '4096\n',
  'memory/memory.low': '0\n',
  'memory/memory.swap.current': '5\n',
  'memory/memory.swap.max': '0\n',
  'memory/memory.events': 'low 0\nhigh 0\nmax 4\noom 2\noom_kill 2\n',
  'memory/memory.stat': 'anon 400\nfile 300\nkernel 0\nfile_mapped 6\ninactive_file 200\npgfault 7\npgmajfault 8\n',
  'pids/pids.current': '9\n',
  'pids/pids.max': 'max\n',
  'pids/cgroup.procs': '1\n2\n',
  'io/io.stat': '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n',
});

const usage = {
  cpuNanoseconds: 2.5e9,
  memoryUsageBytes: 1000,
  workingSetBytes: 800,
  rssBytes: 400,
  pageFaults: 7,
  majorPageFaults: 8,
};

const figures = {
  path: '/docker/3f2a',
  cpuUserNanoseconds: 1.5e9,
  cpuSystemNanoseconds: 5e8,
  throttling: { periods: 10, throttledPeriods: 3, throttledNanoseconds: 4e8 },
  cacheBytes: 300,
  swapBytes: 5,
  mappedFileBytes: 6,
  kernelBytes: 0,
  maxUsageBytes: 2000,
  limitHits: 4,
  oomKills: 2,
  limits: {
    cpuShares: 512,
    cpuPeriodMicroseconds: 100_000,
    cpuQuotaMicroseconds: 50_000,
    memoryBytes: 4096,
    memoryReservationBytes: 0,
    swapBytes: 0,
    threads: 0,
  },
  threads: 9,
  processes: 2,
  blockDevices: [{ device: '8:0', readBytes: 10, writeBytes: 20, reads: 1, writes: 2 }],
};

describe('figures of control groups', () => {
  it('are the same in both versions', () => {
    for (const [version, read] of [
      [1, first],
      [2, second],
    ] as const) {
      assert.deepEqual(readUsage(version, read), usage);
      const read2 = readFigures(version, '/docker/3f2a', read);
      // A weight is coarser than the shares that it was made of.
      assert.ok(Math.abs(read2.limits.cpuShares - figures.limits.cpuShares) < 30);
      assert.deepEqual({ ...read2, limits: { ...read2.limits, cpuShares: 512 } }, figures);
    }
  });

  it('are none of a group that is gone', () => {
    for (const version of [1, 2] as const)
      assert.equal(
        readUsage(version, () => ''),
        undefined,
      );
  });

  it('have no quota and no limit where the kernel has none', () => {
    const { limits } = readFigures(
      2,
      '/',
      reader({ 'cpu/cpu.max': 'max 100000\n', 'memory/memory.max': 'max\n', 'memory/memory.swap.max': 'max\n' }),
    );
    assert.deepEqual([limits.cpuQuotaMicroseconds, limits.memoryBytes, limits.swapBytes], [0, 0, 0]);
    const old = readFigures(1, '/', reader({ 'cpu/cpu.cfs_quota_us': '-1\n' }));
    assert.equal(old.limits.cpuQuotaMicroseconds, 0);
  });
});
