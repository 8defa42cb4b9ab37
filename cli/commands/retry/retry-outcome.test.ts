import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerStatus, Pod } from '../../../api/types/core/v1.ts';
import { judgeRetry, type Outcome, type RetryView } from './retry-outcome.ts';

type Status = Pick<ContainerStatus, 'state' | 'lastState' | 'containerID'>;

const podWith = (status: Status, name = 'c'): Pod => ({
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: 'i' }] },
  status: { containerStatuses: [{ name, ready: false, restartCount: 0, image: '', imageID: '', ...status }] },
});
const waiting = (reason: string, message = 'words', ended?: string): Status => ({
  state: { waiting: { reason, message } },
  ...(ended && { lastState: { terminated: { exitCode: 1, reason: 'Error', containerID: ended } } }),
});
const running = (containerID: string): Status => ({ containerID, state: { running: {} } });
const ended = (containerID: string, exitCode: number): Status => ({
  containerID,
  state: { terminated: { exitCode, containerID, reason: exitCode === 0 ? 'Completed' : 'Error' } },
});

const loop = waiting('CrashLoopBackOff', 'back-off 10s', 'one');
const pull = waiting('ImagePullBackOff');
const ofContainer = [{ container: 'c', reason: 'x' }];
const ofPod = [{ reason: 'FailedMount' }];

describe('judgeRetry', () => {
  const cases: readonly (readonly [
    words: string,
    before: Status,
    now: Status,
    type: Outcome['type'],
    rest?: Partial<RetryView>,
  ])[] = [
    ['nothing has changed yet', loop, loop, 'going'],
    ['it is about to start', loop, ended('one', 1), 'going'],
    ['it runs', loop, running('two'), 'succeeded'],
    ['it ran and ended', loop, ended('two', 0), 'succeeded'],
    ['it failed again', loop, waiting('CrashLoopBackOff', 'back-off 10s', 'two'), 'failed'],
    ['it ended badly and waits for nothing', loop, ended('two', 3), 'failed'],
    ['its image is pulled', pull, waiting('ContainerCreating'), 'going'],
    ['its image was not pulled', pull, waiting('ErrImagePull'), 'failed'],
    ['its image was pulled', pull, running('one'), 'succeeded'],
    ['the old status is still there', pull, pull, 'going', { sinceMs: 1_000 }],
    ['the same has come again', pull, pull, 'failed', { sinceMs: 9_000 }],
    ['it is another reason', waiting('CreateContainerConfigError'), waiting('CreateContainerError'), 'failed'],
    [
      'a volume is missing still',
      waiting('ContainerCreating'),
      waiting('ContainerCreating'),
      'going',
      { steps: ofPod },
    ],
    ['all is mounted', waiting('ContainerCreating'), running('one'), 'succeeded', { steps: ofPod }],
    [
      'a volume could not be mounted',
      waiting('ContainerCreating'),
      waiting('ContainerCreating'),
      'failed',
      { steps: ofPod, warnings: new Map([['FailedMount', 'no such ConfigMap']]) },
    ],
    ['a warning is about something else', loop, loop, 'going', { warnings: new Map([['BackOff', 'x']]) }],
  ];
  for (const [words, before, now, type, rest] of cases)
    it(`${type}: ${words}`, () => {
      const view = { steps: ofContainer, before: podWith(before), now: podWith(now), sinceMs: 0, warnings: new Map() };
      assert.equal(judgeRetry({ ...view, ...rest }).type, type);
    });

  it('says what became of it', () => {
    const view = { steps: ofContainer, before: podWith(loop), sinceMs: 0, warnings: new Map() };
    assert.deepEqual(judgeRetry({ ...view, now: podWith(ended('two', 3)) }), {
      type: 'failed',
      lines: ['container c has started and ended with exit code 3 (Error)'],
    });
    assert.deepEqual(judgeRetry({ ...view, before: podWith(pull), now: podWith(waiting('ErrImagePull', 'denied')) }), {
      type: 'failed',
      lines: ['container c: ErrImagePull: denied'],
    });
  });
});
