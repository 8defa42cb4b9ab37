import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../testing/make-pod.ts';
import { conditionMessage, evictionMessage } from './eviction-message.ts';
import type { PodUsage } from './pod-usage.ts';
import { parseThresholds, type Threshold } from './thresholds.ts';

function threshold(hard: string): Threshold {
  const none = { soft: undefined, softGracePeriod: undefined, minimumReclaim: undefined };
  const [found] = parseThresholds({ hard, ...none });
  assert(found !== undefined);
  return found;
}

const requests = (amounts: Record<string, string>) => ({ resources: { requests: amounts } });
const usage: PodUsage = {
  pod: makePod({
    containers: [
      { name: 'greedy', image: 'i', ...requests({ memory: '1Mi', 'ephemeral-storage': '4Mi' }) },
      { name: 'modest', image: 'i', ...requests({ memory: '1Gi', 'ephemeral-storage': '1Gi' }) },
      { name: 'silent', image: 'i' },
    ],
  }),
  memory: {
    workingSetBytes: 0,
    processes: 0,
    containers: [
      { name: 'greedy', workingSetBytes: 3 * 2 ** 20 },
      { name: 'modest', workingSetBytes: 4 * 2 ** 20 },
      { name: 'silent', workingSetBytes: 2 ** 10 },
    ],
  },
  disk: {
    at: 0,
    containers: ['greedy', 'modest', 'silent'].map((name) => ({
      name,
      rootfs: { bytes: 5 * 2 ** 20, inodes: 1 },
      logs: { bytes: 2 ** 20, inodes: 1 },
    })),
    volumes: [],
  },
};

describe('evictionMessage', () => {
  const cases: [Threshold, number, string][] = [
    [
      threshold('memory.available<100Mi'),
      50 * 2 ** 20,
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container greedy was using 3Mi, request is 1Mi, has larger consumption of memory. Container silent was using 1Ki, request is 0, has larger consumption of memory. ',
    ],
    [
      threshold('nodefs.available<10%'),
      3 * 2 ** 10,
      'The node was low on resource: ephemeral-storage. Threshold quantity: 107374182, available: 3Ki. Container greedy was using 6Mi, request is 4Mi, has larger consumption of ephemeral-storage. Container silent was using 6Mi, request is 0, has larger consumption of ephemeral-storage. ',
    ],
    [
      threshold('nodefs.inodesFree<5%'),
      12_000,
      'The node was low on resource: inodes. Threshold quantity: 53687091, available: 12k. ',
    ],
    [
      threshold('pid.available<1k'),
      999,
      'The node was low on resource: pids. Threshold quantity: 1k, available: 999. ',
    ],
  ];
  for (const [one, available, expected] of cases)
    it(one.signal, () =>
      assert.equal(evictionMessage(usage, one, { [one.signal]: { available, capacity: 2 ** 30 } }), expected),
    );
});

it('says which conditions the node had', () => {
  assert.equal(
    conditionMessage(['MemoryPressure', 'DiskPressure']),
    'The node had condition: [MemoryPressure DiskPressure]. ',
  );
});
