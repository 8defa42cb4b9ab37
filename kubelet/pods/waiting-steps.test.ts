import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RetriedStep } from '../../api/pod-retry.ts';
import { VolumeError } from '../volumes/volumes.ts';
import { type Waiting, waitingSteps } from './waiting-steps.ts';

const nothing: Waiting = { waiting: new Map(), trouble: undefined, isHeldBack: false };

describe('waitingSteps', () => {
  const cases: readonly (readonly [words: string, waiting: Partial<Waiting>, steps: readonly RetriedStep[]])[] = [
    ['nothing waits', {}, []],
    [
      'containers wait',
      {
        waiting: new Map([
          ['a', { reason: 'ContainerCreating' }],
          ['b', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }],
          ['c', { reason: 'ErrImageNeverPull' }],
        ]),
      },
      [
        { container: 'b', reason: 'CrashLoopBackOff', message: 'back-off 10s' },
        { container: 'c', reason: 'ErrImageNeverPull' },
      ],
    ],
    [
      'a volume is missing',
      { trouble: new VolumeError('no such ConfigMap') },
      [{ reason: 'FailedMount', message: 'no such ConfigMap' }],
    ],
    ['no sandbox can be made', { trouble: new Error('x'), isHeldBack: true }, [{ reason: 'FailedCreatePodSandBox' }]],
    ['a step failed', { trouble: new Error('secret words') }, [{ reason: 'FailedSync' }]],
  ];
  for (const [words, waiting, steps] of cases)
    it(`says what is tried when ${words}`, () => assert.deepEqual(waitingSteps({ ...nothing, ...waiting }), steps));
});
