import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pods } from '../api/resources/core.ts';
import { conflict, isConflict } from '../api/status-error.ts';
import type { Pod, PodCondition, PodStatus } from '../api/types/core/v1.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import type { Writer } from '../client/client.ts';
import { IndexedCache } from '../client/indexed-cache.ts';
import { computeStatusPatch, PodConditionUpdater, type PodSchedulingStatus } from './pod-condition-updater.ts';
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

describe('the word on a pod that has got a node meanwhile', () => {
  it('is of the version that was looked at, so it is refused, and never said again', async () => {
    const bodies: unknown[] = [];
    const patch: Writer['patch'] = (_kind, { name }, { body }) => {
      bodies.push(body);
      return Promise.reject(conflict(pods, name, 'the object has been modified'));
    };
    const cache = new IndexedCache<Pod>();
    const looked = { namespace: 'default', uid: 'u', resourceVersion: '7' };
    cache.set(podObject('p', { metadata: looked }));
    const updater = new PodConditionUpdater({
      client: { patch },
      pods: cache,
      logger: silentLogger,
      clock: systemClock,
    });
    updater.set('default/p', { uid: 'u', condition: noRoom });
    await assert.rejects(updater.reconcile('default/p'), isConflict);
    const { metadata } = bodies[0] as { metadata: unknown };
    assert.deepEqual(metadata, { uid: 'u', resourceVersion: '7' });
    cache.set(podObject('p', { metadata: { ...looked, resourceVersion: '8' }, nodeName: 'n1' }));
    await updater.reconcile('default/p');
    assert.equal(bodies.length, 1);
  });
});
