import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod, type PodSpec } from '../testing/make-pod.ts';
import { computeBurstableShares, computePodSettings, computeTopSettings, qualityOf } from './pod-settings.ts';

const limits = { maxPids: 100, pageSizes: ['2Mi'] };
const mebi = 2 ** 20;
type Container = PodSpec['containers'][number];

const container = (name: string, resources: Container['resources']): Container => ({
  name,
  image: 'i',
  ...(resources && { resources }),
});
const small = { requests: { cpu: '100m', memory: '16Mi' }, limits: { cpu: '200m', memory: '32Mi' } };

describe('computePodSettings', () => {
  const cases: readonly [what: string, Partial<PodSpec>, shares: number, quota: number, memory: number][] = [
    ['nothing asked for', { containers: [container('a', undefined)] }, 2, 0, 0],
    ['one container', { containers: [container('a', small)] }, 102, 20_000, 32 * mebi],
    ['two containers', { containers: [container('a', small), container('b', small)] }, 204, 40_000, 64 * mebi],
    ['one without limits', { containers: [container('a', small), container('b', undefined)] }, 102, 0, 0],
    [
      'an init container without limits',
      { containers: [container('a', small)], initContainers: [container('i', undefined)] },
      ...([102, 0, 0] as const),
    ],
    [
      'a hungry init container',
      {
        containers: [container('a', small)],
        initContainers: [container('i', { requests: { cpu: '1' }, limits: { cpu: '1', memory: '1Gi' } })],
      },
      ...([1024, 100_000, 1024 * mebi] as const),
    ],
    [
      'the pod as a whole',
      {
        containers: [container('a', undefined), container('b', undefined)],
        resources: { requests: { cpu: '500m' }, limits: { cpu: '1', memory: '64Mi' } },
      },
      ...([512, 100_000, 64 * mebi] as const),
    ],
    [
      'the pod as a whole, memory only',
      { containers: [container('a', undefined)], resources: { limits: { memory: '64Mi' } } },
      ...([2, 0, 64 * mebi] as const),
    ],
    [
      'overhead',
      { containers: [container('a', small)], overhead: { cpu: '100m', memory: '32Mi' } },
      ...([204, 30_000, 64 * mebi] as const),
    ],
  ];
  for (const [what, spec, cpuShares, cpuQuota, memoryBytes] of cases)
    it(what, () => {
      const settings = computePodSettings(makePod(spec), limits);
      const hugePages = new Map([['2MB', 0]]);
      assert.deepEqual(settings, { cpuShares, cpuQuota, cpuPeriod: 100_000, memoryBytes, maxPids: 100, hugePages });
    });

  it('counts huge pages', () => {
    const pages = { limits: { 'hugepages-2Mi': '4Mi', memory: '32Mi' } };
    const { hugePages } = computePodSettings(makePod({ containers: [container('a', pages)] }), limits);
    assert.deepEqual(hugePages, new Map([['2MB', 4 * mebi]]));
  });
});

describe('qualityOf', () => {
  it('is what the API server said, else what the spec says', () => {
    assert.equal(qualityOf(makePod({}, { status: { qosClass: 'Guaranteed' } })), 'Guaranteed');
    assert.equal(qualityOf(makePod({ containers: [container('a', small)] })), 'Burstable');
    assert.equal(qualityOf(makePod()), 'BestEffort');
  });
});

describe('computeBurstableShares', () => {
  it('adds up what burstable pods ask for', () => {
    const burstable = makePod({ containers: [container('a', { requests: { cpu: '1' } })] });
    const guaranteed = makePod(
      { containers: [container('a', { requests: { cpu: '1' } })] },
      { status: { qosClass: 'Guaranteed' } },
    );
    assert.equal(computeBurstableShares([burstable, guaranteed, burstable, makePod()]), 2048);
    assert.equal(computeBurstableShares([]), 2);
  });
});

describe('computeTopSettings', () => {
  it('is what the node has for pods', () => {
    const allocatable = { cpu: '2', memory: '1000Ki' };
    assert.deepEqual(computeTopSettings(allocatable, { isEnforced: true }), {
      ...{ cpuShares: 2048, memoryBytes: 1_024_000, noSwap: true },
    });
    assert.equal(computeTopSettings(allocatable, { isEnforced: false }).memoryBytes, 0);
  });
});
