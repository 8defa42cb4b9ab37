import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeAmounts } from '../../api/amounts.ts';
import { UserError } from '../../base/user-error.ts';
import { computeAllocatable, parseReserved } from './allocatable.ts';

describe('parseReserved', () => {
  it('reads amounts of what can be reserved', () => {
    const read = (text: string | undefined) => writeAmounts(parseReserved('--system-reserved', text));
    assert.deepEqual(read('cpu=200m, memory=500Mi,ephemeral-storage=1Gi,pid=1000'), {
      cpu: '200m',
      memory: '500Mi',
      'ephemeral-storage': '1Gi',
      pid: '1k',
    });
    assert.deepEqual([read(undefined), read('')], [{}, {}]);
  });

  const refused: [string, RegExp][] = [
    ['cpu', /--system-reserved: malformed pair, expect string=string: cpu/],
    ['gpu=1', /cannot reserve "gpu" resource/],
    ['memory=-1Gi', /resource quantity for "memory" cannot be negative: -1Gi/],
    ['memory=lots', /failed to parse quantity "lots" for "memory" resource: quantities must match/],
  ];
  for (const [text, message] of refused)
    it(`refuses ${text}`, () =>
      assert.throws(
        () => parseReserved('--system-reserved', text),
        (error) => error instanceof UserError && message.test(error.message),
      ));
});

describe('computeAllocatable', () => {
  const capacity = { cpu: '2', memory: '1048576Ki', 'ephemeral-storage': '1048576Ki', pods: '110' };

  it('takes off what is reserved and what is kept free', () => {
    const reserved = [parseReserved('a', 'cpu=200m,memory=100Mi'), parseReserved('b', 'memory=24Mi,pid=1000')];
    assert.deepEqual(
      computeAllocatable(capacity, { reserved, keptFree: { memoryBytes: 100 * 2 ** 20, storageBytes: 2 ** 29 + 0.5 } }),
      { cpu: '1800m', memory: '800Mi', 'ephemeral-storage': '536870911', pods: '110' },
    );
  });

  it('is never less than nothing', () => {
    const reserved = [parseReserved('a', 'cpu=5,memory=5Gi')];
    const { cpu, memory } = computeAllocatable(capacity, { reserved, keptFree: { memoryBytes: 1, storageBytes: 0 } });
    assert.deepEqual([cpu, memory], ['0', '0']);
  });
});
