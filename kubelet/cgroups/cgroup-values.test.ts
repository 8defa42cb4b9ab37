import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CgroupSettings, computeGrown, computeProperties, computeWrites, weightOf } from './cgroup-values.ts';

const limited: CgroupSettings = {
  ...{ cpuShares: 512, cpuQuota: 50_000, cpuPeriod: 100_000, memoryBytes: 64 * 2 ** 20, maxPids: 100, noSwap: true },
  hugePages: new Map([['2MB', 4 * 2 ** 20]]),
};
const unlimited: CgroupSettings = { cpuShares: 2, cpuQuota: 0, memoryBytes: 0, maxPids: 0 };

const textsOf = (version: 1 | 2, settings: CgroupSettings) =>
  computeWrites(version, settings).map(({ controller, file, value }) => `${controller} ${file} ${value}`);

describe('computeWrites', () => {
  const cases: readonly [what: string, 1 | 2, CgroupSettings, readonly string[]][] = [
    [
      ...(['limits', 1, limited] as const),
      [
        'cpu cpu.shares 512',
        'cpu cpu.cfs_period_us 100000',
        'cpu cpu.cfs_quota_us 50000',
        'memory memory.limit_in_bytes 67108864',
        'memory memory.swappiness 0',
        'pids pids.max 100',
        'hugetlb hugetlb.2MB.limit_in_bytes 4194304',
      ],
    ],
    [
      ...(['no limits', 1, unlimited] as const),
      ['cpu cpu.shares 2', 'cpu cpu.cfs_quota_us -1', 'memory memory.limit_in_bytes -1', 'pids pids.max max'],
    ],
    [
      ...(['limits', 2, limited] as const),
      [
        'cpu cpu.weight 20',
        'cpu cpu.max 50000 100000',
        'memory memory.max 67108864',
        'memory memory.swap.max 0',
        'pids pids.max 100',
        'hugetlb hugetlb.2MB.max 4194304',
      ],
    ],
    [
      ...(['no limits', 2, unlimited] as const),
      ['cpu cpu.weight 1', 'cpu cpu.max max 100000', 'memory memory.max max', 'pids pids.max max'],
    ],
    ['nothing', 1, {}, []],
    ['nothing', 2, {}, []],
  ];
  for (const [what, version, settings, texts] of cases)
    it(`writes ${what} with version ${version}`, () => assert.deepEqual(textsOf(version, settings), texts));
});

describe('computeProperties', () => {
  it('says the same to systemd', () => {
    assert.deepEqual(computeProperties(2, limited), [
      ...['CPUWeight=20', 'CPUQuota=50%', 'MemoryMax=67108864', 'MemorySwapMax=0', 'TasksMax=100'],
    ]);
    assert.deepEqual(computeProperties(1, limited), [
      ...['CPUShares=512', 'CPUQuota=50%', 'MemoryLimit=67108864', 'TasksMax=100'],
    ]);
    assert.deepEqual(computeProperties(2, unlimited), [
      ...['CPUWeight=1', 'CPUQuota=', 'MemoryMax=infinity', 'TasksMax=infinity'],
    ]);
    assert.deepEqual(computeProperties(2, { cpuQuota: 12_345 }), ['CPUQuota=12.4%']);
  });
});

describe('weightOf', () => {
  const cases: readonly [shares: number, weight: number][] = [
    [2, 1],
    [1024, 39],
    [262_144, 10_000],
  ];
  for (const [shares, weight] of cases) it(`of ${shares} is ${weight}`, () => assert.equal(weightOf(shares), weight));
});

describe('computeGrown', () => {
  const cases: readonly [what: string, a: CgroupSettings, b: CgroupSettings, grown: CgroupSettings][] = [
    [
      'more of each',
      { cpuShares: 10, cpuQuota: 1_000, memoryBytes: 8 },
      { cpuShares: 5, cpuQuota: 2_000, memoryBytes: 4 },
      { cpuShares: 10, cpuQuota: 2_000, memoryBytes: 8 },
    ],
    [
      'no limit is the most',
      { cpuQuota: 0, memoryBytes: 0 },
      { cpuQuota: 5, memoryBytes: 6 },
      { cpuQuota: 0, memoryBytes: 0 },
    ],
    [
      'also of the second',
      { cpuQuota: 5, memoryBytes: 6 },
      { cpuQuota: 0, memoryBytes: 0 },
      { cpuQuota: 0, memoryBytes: 0 },
    ],
  ];
  for (const [what, a, b, grown] of cases) it(what, () => assert.deepEqual(computeGrown(a, b), grown));
});
