import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerIn, makePod, type PodSpec, podOf } from '../testing/make-pod.ts';
import { computeContainerResources } from './resource-limits.ts';

const node = { nodeMemoryBytes: 4 * 2 ** 30, maxPids: 4096 };
const mebi = 2 ** 20;

interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

const compute = (resources: Resources, spec: Partial<PodSpec> = {}, qosClass = 'Burstable') => {
  const pod = { ...podOf({ resources }, spec), status: { qosClass } };
  return computeContainerResources(pod, containerIn(pod).spec, node);
};

describe('computeContainerResources', () => {
  const cpu: readonly [resources: Resources, shares: number, quota: number][] = [
    [{}, 2, 0],
    [{ requests: { cpu: '1' } }, 1024, 0],
    [{ requests: { cpu: '250m' } }, 256, 0],
    [{ requests: { cpu: '100m' } }, 102, 0],
    [{ requests: { cpu: '1m' } }, 2, 0],
    [{ requests: { cpu: '0' } }, 2, 0],
    [{ requests: { cpu: '1000' } }, 262_144, 0],
    [{ limits: { cpu: '500m' } }, 512, 50_000],
    [{ requests: { cpu: '100m' }, limits: { cpu: '1500m' } }, 102, 150_000],
    [{ limits: { cpu: '5m' } }, 5, 1_000],
    [{ limits: { cpu: '0' } }, 2, 0],
  ];
  for (const [resources, shares, quota] of cpu)
    it(`gives ${JSON.stringify(resources)} ${shares} shares and a quota of ${quota}`, () => {
      const { cpuShares, cpuQuota, cpuPeriod } = compute(resources);
      assert.deepEqual([cpuShares, cpuQuota, cpuPeriod], [shares, quota, 100_000]);
    });

  const memory: readonly [limit: string | undefined, bytes: number][] = [
    [undefined, 0],
    ['0', 0],
    ['64Mi', 64 * mebi],
    ['100M', 99_999_744], // whole pages, as the kernel rounds
    // Less than a page is not "no limit": the engine will refuse it.
    ['1k', 4096],
  ];
  for (const [limit, bytes] of memory)
    it(`limits memory ${limit} to ${bytes} bytes`, () =>
      assert.equal(compute(limit === undefined ? {} : { limits: { memory: limit } }).memoryBytes, bytes));

  it('passes on how many processes there may be', () => assert.equal(compute({}).maxPids, 4096));
});

describe('a container of a pod that asks for something as a whole', () => {
  const resources = { requests: { cpu: '100m' }, limits: { cpu: '200m', memory: '64Mi' } };
  const cases: readonly [words: string, own: Resources, shares: number, quota: number, bytes: number][] = [
    ['has the limits of its pod', {}, 204, 20_000, 64 * mebi],
    ['has its own where it says so', { limits: { cpu: '50m', memory: '16Mi' } }, 51, 5_000, 16 * mebi],
    ['weighs what it requests', { requests: { cpu: '20m' } }, 20, 20_000, 64 * mebi],
    ['takes a limit of zero for none', { limits: { cpu: '0' } }, 204, 20_000, 64 * mebi],
  ];
  for (const [words, own, shares, quota, bytes] of cases)
    it(words, () => {
      const { cpuShares, cpuQuota, memoryBytes } = compute(own, { resources });
      assert.deepEqual([cpuShares, cpuQuota, memoryBytes], [shares, quota, bytes]);
    });

  it('is killed for memory later by its part of what its pod asks for', () => {
    const pod = {
      ...makePod({
        resources: { requests: { memory: '3Gi' } },
        containers: [{ name: 'a', resources: { requests: { memory: '1Gi' } } }, { name: 'b' }],
      }),
      status: { qosClass: 'Burstable' },
    };
    const scoreOf = (name: string) => computeContainerResources(pod, containerIn(pod, name).spec, node).oomScoreAdj;
    assert.deepEqual([scoreOf('a'), scoreOf('b')], [500, 750]);
  });
});

describe('who is killed first when memory runs out', () => {
  const cases: readonly [words: string, resources: Resources, spec: Partial<PodSpec>, qos: string, wanted: number][] = [
    ['Guaranteed last', { limits: { memory: '1Gi' } }, {}, 'Guaranteed', -997],
    ['BestEffort first', {}, {}, 'BestEffort', 1000],
    ['what a node cannot do without last', {}, { priorityClassName: 'system-node-critical' }, 'BestEffort', -997],
    ['Burstable by its share of memory', { requests: { memory: '1Gi' } }, {}, 'Burstable', 750],
    ['a limit counts as a request', { limits: { memory: '2Gi' } }, {}, 'Burstable', 500],
    ['Burstable without a request just after BestEffort', { requests: { cpu: '1' } }, {}, 'Burstable', 999],
    ['Burstable with all of the memory before Guaranteed', { requests: { memory: '4Gi' } }, {}, 'Burstable', 3],
    ['Burstable with more than there is too', { requests: { memory: '8Gi' } }, {}, 'Burstable', 3],
  ];
  for (const [words, resources, spec, qos, wanted] of cases)
    it(words, () => assert.equal(compute(resources, spec, qos).oomScoreAdj, wanted));

  it('a sidecar not before the containers that it serves', () => {
    const pod = {
      ...makePod({
        initContainers: [{ name: 'proxy', restartPolicy: 'Always', resources: { requests: { memory: '64Mi' } } }],
        containers: [
          { name: 'a', resources: { requests: { memory: '2Gi' } } },
          { name: 'b', resources: { requests: { memory: '1Gi' } } },
        ],
      }),
      status: { qosClass: 'Burstable' },
    };
    const scoreOf = (name: string) => computeContainerResources(pod, containerIn(pod, name).spec, node).oomScoreAdj;
    assert.deepEqual([scoreOf('a'), scoreOf('b'), scoreOf('proxy')], [500, 750, 750]);
  });
});
