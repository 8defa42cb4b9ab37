import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../testing/make-pod.ts';
import { computePressureRefusal } from './pressure-admission.ts';
import type { PressureCondition } from './signals.ts';

const pods = {
  bestEffort: makePod({}, { status: { qosClass: 'BestEffort' } }),
  tolerant: makePod(
    { tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }] },
    { status: { qosClass: 'BestEffort' } },
  ),
  burstable: makePod({}, { status: { qosClass: 'Burstable' } }),
  critical: makePod({ priority: 2_000_000_000 }, { status: { qosClass: 'BestEffort' } }),
  begun: makePod({}, { status: { qosClass: 'BestEffort', startTime: '2030-01-01T00:00:00Z' } }),
};

const cases: [PressureCondition[], (keyof typeof pods)[]][] = [
  [[], []],
  [['MemoryPressure'], ['bestEffort']],
  [['DiskPressure'], ['bestEffort', 'tolerant', 'burstable']],
  [['PIDPressure'], ['bestEffort', 'tolerant', 'burstable']],
  [
    ['MemoryPressure', 'DiskPressure'],
    ['bestEffort', 'tolerant', 'burstable'],
  ],
];

describe('computePressureRefusal', () => {
  for (const [conditions, refused] of cases)
    it(`under ${conditions.join(' and ') || 'no pressure'}`, () => {
      const found = Object.entries(pods).filter(([, pod]) => computePressureRefusal(pod, conditions) !== undefined);
      assert.deepEqual(
        found.map(([name]) => name),
        refused,
      );
    });

  it('says why', () => {
    assert.deepEqual(computePressureRefusal(pods.burstable, ['DiskPressure']), {
      reason: 'Evicted',
      message: 'The node had condition: [DiskPressure]. ',
    });
  });
});
