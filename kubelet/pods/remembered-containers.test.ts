import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerState, ContainerStatus } from '../../api/types/core/v1.ts';
import type { ObservedPod, PodObject } from '../model/pod.ts';
import { computePodActions } from './pod-actions.ts';
import { withRemembered } from './remembered-containers.ts';

const at = (second: number) => `2030-01-01T00:00:${String(second).padStart(2, '0')}Z`;
const ended = (exitCode: number): ContainerState => ({
  terminated: { exitCode, reason: 'Completed', startedAt: at(10), finishedAt: at(20), containerID: 'docker://x' },
});

const statusOf = (name: string, state: ContainerState, rest: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name,
  image: 'i',
  imageID: 'docker://sha256:i',
  containerID: 'docker://x',
  ready: false,
  restartCount: 0,
  state,
  ...rest,
});

interface Statuses {
  readonly init?: ContainerStatus;
  readonly main?: ContainerStatus;
}

const pod = (restartPolicy: string, { init, main }: Statuses): PodObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: {
      restartPolicy,
      ...(init && { initContainers: [{ name: 'first', image: 'i' }] }),
      containers: [{ name: 'a', image: 'i' }],
    },
    status: {
      ...(init && { initContainerStatuses: [init] }),
      ...(main && { containerStatuses: [main] }),
    },
  }) as unknown as PodObject;

/** A sandbox that was made at that second, and nothing else. */
const onlySandbox = (second: number): ObservedPod => ({
  sandboxes: [
    {
      id: 'sandbox',
      pod: { namespace: 'default', name: 'p', uid: 'u' },
      attempt: 0,
      running: true,
      createdAt: Date.parse(at(second)) + 700,
    },
  ],
  containers: [],
});
const nothing: ObservedPod = { sandboxes: [], containers: [] };

const decide = (of: PodObject, observed: ObservedPod): string[] =>
  computePodActions(of, withRemembered(of, observed), {
    ending: false,
    stopReasons: new Map(),
    volumesDue: false,
    resizes: [],
    isStarted: () => true,
    backOffOf: () => ({ waitMs: 0, leftMs: 0, nextStartAt: 0 }),
  }).map((action) =>
    [action.type, 'name' in action ? action.name : '', 'attempt' in action ? action.attempt : '']
      .filter((word) => word !== '')
      .join(' '),
  );

describe('containers that only the status remembers', () => {
  const running: ContainerState = { running: { startedAt: at(21) } };
  const crashed = { lastState: ended(1), restartCount: 2 };
  const cases: { name: string; of: PodObject; observed?: ObservedPod; actions: string[] }[] = [
    {
      name: 'an init container that succeeded is done',
      of: pod('Always', { init: statusOf('first', ended(0)) }),
      actions: ['startContainer a 0'],
    },
    {
      name: 'one that succeeded in an earlier sandbox runs again',
      of: pod('Always', { init: statusOf('first', ended(0)) }),
      observed: onlySandbox(30),
      actions: ['startContainer first 1'],
    },
    {
      name: 'so it does when the sandbox is gone as well',
      of: pod('Always', { init: statusOf('first', ended(0)), main: statusOf('a', running) }),
      observed: nothing,
      actions: ['createSandbox 0', 'startContainer first 1'],
    },
    {
      name: 'an init container that failed is tried again',
      of: pod('Always', { init: statusOf('first', ended(1)) }),
      actions: ['startContainer first 1'],
    },
    {
      name: 'a Never container does not run again',
      of: pod('Never', { main: statusOf('a', ended(1)) }),
      actions: ['stopSandbox'],
    },
    {
      name: 'nor one that succeeded under OnFailure',
      of: pod('OnFailure', { main: statusOf('a', ended(0)) }),
      actions: ['stopSandbox'],
    },
    {
      name: 'one that failed under OnFailure does',
      of: pod('OnFailure', { main: statusOf('a', ended(1)) }),
      actions: ['startContainer a 1'],
    },
    {
      name: 'one that ran is started again and counted',
      of: pod('Always', { main: statusOf('a', running, { restartCount: 3 }) }),
      actions: ['startContainer a 4'],
    },
    {
      name: 'one that ran has ended under Never',
      of: pod('Never', { main: statusOf('a', running) }),
      actions: ['stopSandbox'],
    },
    {
      name: 'one that waited for its restart goes on counting',
      of: pod('Always', { main: statusOf('a', { waiting: { reason: 'CrashLoopBackOff' } }, crashed) }),
      actions: ['startContainer a 3'],
    },
    {
      name: 'one that never ran starts for the first time',
      of: pod('Always', { main: statusOf('a', { waiting: { reason: 'ErrImagePull' } }, { containerID: '' }) }),
      actions: ['startContainer a 0'],
    },
  ];
  for (const { name, of, observed = onlySandbox(5), actions } of cases) {
    it(name, () => assert.deepEqual(decide(of, observed), actions));
  }
});
