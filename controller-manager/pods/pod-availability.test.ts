import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pods } from '../../api/resources/core.ts';
import type { PodCondition } from '../../api/types/core/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { msUntilAvailable, msUntilNextAvailable } from './pod-availability.ts';

const now = Date.UTC(2030, 0, 1, 0, 1);

describe('a pod is available', () => {
  const ready = (status: string, since?: string): PodCondition => ({
    type: 'Ready',
    status,
    ...(since !== undefined && { lastTransitionTime: since }),
  });
  const atStart = '2030-01-01T00:00:00Z';
  const cases: readonly (readonly [
    title: string,
    condition: PodCondition,
    minReadySeconds: number,
    ms: number | undefined,
  ])[] = [
    ['at once when it is ready', ready('True', atStart), 0, 0],
    ['after it has been ready for long enough', ready('True', atStart), 60, 0],
    ['not before', ready('True', atStart), 90, 30_000],
    ['not while it is not ready', ready('False', atStart), 0, undefined],
    ['not while nothing is known', ready('Unknown', atStart), 0, undefined],
    ['at once without a time where none is asked for', ready('True'), 0, 0],
    ['not without a time where one is', ready('True'), 10, undefined],
  ];
  for (const [title, condition, minReadySeconds, ms] of cases)
    it(title, () => {
      const pod = storedObject(pods, { metadata: { name: 'p' }, status: { conditions: [condition] } });
      assert.equal(msUntilAvailable(pod, minReadySeconds, now), ms);
    });
});

describe('the next pod that becomes available by time alone', () => {
  const readyFor = (seconds: number | undefined) =>
    storedObject(pods, {
      metadata: { name: 'p' },
      status: {
        conditions:
          seconds === undefined
            ? []
            : [{ type: 'Ready', status: 'True', lastTransitionTime: new Date(now - seconds * 1000).toISOString() }],
      },
    });
  const cases: readonly (readonly [
    title: string,
    readySeconds: readonly (number | undefined)[],
    minReadySeconds: number,
    ms: number | undefined,
  ])[] = [
    ['none is ready', [undefined], 10, undefined],
    ['all are available', [10, 60], 10, undefined],
    ['the first of those that wait', [3, 8, undefined, 60], 10, 2_000],
    ['none has to wait where no time is asked for', [0], 0, undefined],
  ];
  for (const [title, readySeconds, minReadySeconds, ms] of cases)
    it(title, () => assert.equal(msUntilNextAvailable(readySeconds.map(readyFor), minReadySeconds, now), ms));
});
