import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeNextLookMs, hasConfigFailure, type NextLookInput } from './next-look.ts';

const nothing: NextLookInput = {
  actions: [],
  waitingReasons: [],
  startDecides: false,
  deadlineLeftMs: undefined,
  nextStartInMs: undefined,
  resizeInMs: undefined,
  nextPullInMs: undefined,
  volumesDueInMs: undefined,
  configFailures: 0,
};
const backOff = (leftMs: number) => ({ type: 'backOff', name: 'a', waitMs: 10_000, leftMs, nextStartAt: 0 }) as const;

const table: readonly (readonly [when: string, input: Partial<NextLookInput>, ms: number])[] = [
  ['something wakes it', {}, Number.POSITIVE_INFINITY],
  ['the first back-off is over', { actions: [backOff(7_000), backOff(3_000)] }, 3_000],
  ['its deadline comes', { deadlineLeftMs: 5_000 }, 5_000],
  ['its deadline has passed', { deadlineLeftMs: -1 }, 0],
  ['a refused start may be tried', { waitingReasons: ['RunContainerError'], nextStartInMs: 9_000 }, 9_000],
  ['an error of a pull was shown', { waitingReasons: ['ErrImagePull'], nextPullInMs: 9_000 }, 3_000],
  ['a pull is due', { waitingReasons: ['ImagePullBackOff'], nextPullInMs: 9_000 }, 9_000],
  ['a pull is overdue, a moment later', { waitingReasons: ['ImagePullBackOff'], nextPullInMs: -4 }, 50],
  ['pulls of others are due: not for this', { nextPullInMs: 9_000 }, Number.POSITIVE_INFINITY],
  ['a start decides more', { startDecides: true }, 0],
  [
    'a start decides more, but a container waits',
    { startDecides: true, waitingReasons: ['CrashLoopBackOff'] },
    Infinity,
  ],
  ['volumes are due', { volumesDueInMs: 60_000, deadlineLeftMs: 90_000 }, 60_000],
];

describe('computeNextLookMs: a pod is looked at again when', () => {
  for (const [when, input, ms] of table) it(when, () => assert.equal(computeNextLookMs({ ...nothing, ...input }), ms));

  it('a container that could not be made is tried again, later each time', () => {
    const waits = [1, 2, 9].map((configFailures) =>
      computeNextLookMs({ ...nothing, waitingReasons: ['CreateContainerConfigError'], configFailures }),
    );
    assert.ok(
      waits.every((ms, index) => ms > 0 && ms <= 30_000 && ms >= (waits[index - 1] ?? 0) / 2),
      String(waits),
    );
  });

  it('tells what is wrong as it is written from what passes', () => {
    const reasons = [
      'ContainerCreating',
      'CrashLoopBackOff',
      'ErrImagePull',
      'ErrImageNeverPull',
      'CreateContainerError',
    ];
    assert.deepEqual(
      reasons.map((reason) => hasConfigFailure([reason])),
      [false, false, false, true, true],
    );
  });
});
