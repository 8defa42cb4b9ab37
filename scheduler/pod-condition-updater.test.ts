import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodCondition, PodStatus } from '../api/types/core/v1.ts';
import { computeStatusPatch, type PodSchedulingStatus } from './pod-condition-updater.ts';
import { podObject } from './testing/pictures.ts';

const now = Date.UTC(2030, 0, 2);
const nowText = '2030-01-02T00:00:00Z';
const before = '2030-01-01T00:00:00Z';

const said = (changes: Partial<PodCondition> = {}): PodCondition => ({
  type: 'PodScheduled',
  status: 'False',
  reason: 'Unschedulable',
  message: 'no room',
  lastTransitionTime: before,
  ...changes,
});
const written = (changes: Partial<PodCondition> = {}) => ({
  type: 'PodScheduled',
  status: 'False',
  reason: 'Unschedulable',
  message: 'no room',
  lastProbeTime: null,
  lastTransitionTime: nowText,
  ...changes,
});
const noRoom = { reason: 'Unschedulable', message: 'no room' } as const;

describe('what is written of why a pod waits', () => {
  const cases: readonly (readonly [
    title: string,
    status: PodStatus,
    wanted: Omit<PodSchedulingStatus, 'uid'>,
    patch: object | undefined,
  ])[] = [
    ['the first time', {}, { condition: noRoom }, { conditions: [written()] }],
    ['nothing when it is said already', { conditions: [said()] }, { condition: noRoom }, undefined],
    [
      'other words keep the time since when it waits',
      { conditions: [said()] },
      { condition: { reason: 'Unschedulable', message: 'still none' } },
      { conditions: [written({ message: 'still none', lastTransitionTime: before })] },
    ],
    [
      'another reason as well',
      { conditions: [said()] },
      { condition: { reason: 'SchedulerError', message: 'broken' } },
      { conditions: [written({ reason: 'SchedulerError', message: 'broken', lastTransitionTime: before })] },
    ],
    [
      'a pod that was scheduled begins to wait now',
      { conditions: [said({ status: 'True' })] },
      { condition: noRoom },
      { conditions: [written()] },
    ],
    [
      'with the node where room is made',
      {},
      { condition: noRoom, nominatedNodeName: 'n1' },
      { conditions: [written()], nominatedNodeName: 'n1' },
    ],
    [
      'which is not written twice',
      { conditions: [said()], nominatedNodeName: 'n1' },
      { condition: noRoom, nominatedNodeName: 'n1' },
      undefined,
    ],
    [
      'which stays while nothing is said of it',
      { conditions: [said()], nominatedNodeName: 'n1' },
      { condition: noRoom },
      undefined,
    ],
    ['and is taken back', { nominatedNodeName: 'n1' }, { nominatedNodeName: '' }, { nominatedNodeName: null }],
    ['once', {}, { nominatedNodeName: '' }, undefined],
  ];
  for (const [title, status, wanted, patch] of cases)
    it(title, () =>
      assert.deepEqual(computeStatusPatch(podObject('p', { status }), { uid: 'p', ...wanted }, now), patch),
    );

  it('names the generation that was looked at', () => {
    const pod = podObject('p', { metadata: { generation: 3 } });
    assert.deepEqual(computeStatusPatch(pod, { uid: 'p', condition: noRoom }, now), {
      conditions: [written({ observedGeneration: 3 })],
    });
  });
});
