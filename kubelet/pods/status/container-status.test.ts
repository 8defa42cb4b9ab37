import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerStatus } from '../../../api/types/core/v1.ts';
import type { ObservedPod, PodObject } from '../../model/pod.ts';
import type { ContainerRunState } from '../../runtime/runtime.ts';
import {
  containerIn,
  exited,
  makeContainer,
  makeContainerStatus,
  makePod,
  observedWith,
  podOf,
  running,
} from '../../testing/make-pod.ts';
import { type ContainerFacts, computeContainerStatus } from './container-status.ts';

const usual: ContainerFacts = {
  waiting: new Map(),
  runtimeName: 'docker',
  podFolder: '/data/pods/u',
  terminationMessages: new Map(),
  isReady: () => true,
  isStarted: () => true,
  isInHook: () => false,
  ended: false,
};
const startedAt = '2030-01-01T00:00:00Z';
const finishedAt = '2030-01-01T00:00:05Z';

const compute = (pod: PodObject, observed: ObservedPod, facts: Partial<ContainerFacts> = {}, name = 'a') =>
  computeContainerStatus(containerIn(pod, name), pod, observed, { ...usual, ...facts });
/** Of a pod with one container. */
const of = (status: ContainerRunState | undefined, facts: Partial<ContainerFacts> = {}, attempt = 0) => {
  const pod = podOf({});
  return compute(pod, observedWith(...(status ? [makeContainer(pod, status, { attempt })] : [])), facts);
};
const waitingFor = (reason: string, message?: string) => ({ waiting: new Map([['a', { reason, message }]]) });
const terminated = (exitCode: number, reason: string, id = 'a-0') => ({
  exitCode,
  reason,
  startedAt,
  finishedAt,
  containerID: `docker://${id}`,
});

describe('computeContainerStatus', () => {
  it('of one that was not made: it waits, and has no id', () => {
    assert.deepEqual(of(undefined), {
      name: 'a',
      image: 'i',
      imageID: '',
      ready: false,
      started: false,
      restartCount: 0,
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: {},
    });
  });

  it('of one that was made, but not started: the same', () => {
    const { containerID, imageID, state } = of({ type: 'created' });
    assert.deepEqual([containerID, imageID, state], [undefined, '', { waiting: { reason: 'ContainerCreating' } }]);
  });

  it('of one that waits: of what others say of it, no more than the API takes', () => {
    const { state } = of(undefined, waitingFor('ErrImagePull', 'ü'.repeat(4_000_000)));
    assert.equal(state?.waiting?.reason, 'ErrImagePull');
    assert.equal(state?.waiting?.message, 'ü'.repeat(2048));
  });

  it('of one that runs', () => {
    assert.deepEqual(of(running), {
      name: 'a',
      image: 'i',
      imageID: 'docker://sha256:i',
      containerID: 'docker://a-0',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt } },
      lastState: {},
    });
  });

  it('of one whose probes have not passed', () => {
    const { ready, started } = of(running, { isReady: () => false, isStarted: () => false });
    assert.deepEqual([ready, started], [false, false]);
  });

  it('of one whose postStart hook runs: for users it is not there yet', () => {
    const { state, containerID, ready, started } = of(running, { isInHook: () => true });
    assert.deepEqual(
      [state, containerID, ready, started],
      [{ waiting: { reason: 'ContainerCreating' } }, undefined, false, false],
    );
  });

  const ends: readonly [words: string, status: ContainerRunState, reason: string][] = [
    ['well', exited(0), 'Completed'],
    ['badly', exited(3), 'Error'],
    ['for memory', { ...exited(137), outOfMemory: true } as ContainerRunState, 'OOMKilled'],
    ['beside one that ended for memory', { ...exited(0), outOfMemory: true } as ContainerRunState, 'Completed'],
  ];
  for (const [words, status, reason] of ends)
    it(`of one that ended ${words}`, () => {
      const { state, ready, started } = of(status);
      const exitCode = status.type === 'exited' ? status.exitCode : -1;
      assert.deepEqual(state, { terminated: terminated(exitCode, reason) });
      assert.deepEqual([ready, started], [false, false]);
    });

  it('of one whose program could not be run', () => {
    const status = { ...exited(128), startedAt: 0, startError: 'no such file' } as ContainerRunState;
    assert.deepEqual(of(status).state?.terminated, {
      ...terminated(128, 'StartError'),
      startedAt: '1970-01-01T00:00:00Z',
      message: 'no such file',
    });
  });

  it('of one that waits for its next try: the end before is its last state', () => {
    const { state, lastState, restartCount } = of(exited(1), waitingFor('CrashLoopBackOff', 'back-off 10s'), 4);
    assert.deepEqual(state, { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } });
    assert.deepEqual(lastState, { terminated: terminated(1, 'Error', 'a-4') });
    assert.equal(restartCount, 4);
  });

  it('of one that runs again: the end before is its last state', () => {
    const pod = podOf({});
    const observed = observedWith(makeContainer(pod, exited(1)), makeContainer(pod, running, { attempt: 1 }));
    const { lastState, restartCount, containerID } = compute(pod, observed);
    assert.deepEqual(lastState, { terminated: terminated(1, 'Error', 'a-0') });
    assert.deepEqual([restartCount, containerID], [1, 'docker://a-1']);
  });

  const known = (rest: Partial<ContainerStatus>): PodObject =>
    makePod({}, { status: { containerStatuses: [makeContainerStatus(rest)] } });

  it('counts restarts that only the API remembers', () => {
    assert.equal(compute(known({ restartCount: 7 }), observedWith()).restartCount, 7);
  });

  it('keeps the last state that only the API remembers', () => {
    const lastState = { terminated: terminated(1, 'Error', 'old') };
    const pod = known({ containerID: 'docker://a-1', restartCount: 1, lastState, state: { running: { startedAt } } });
    assert.deepEqual(compute(pod, observedWith(makeContainer(pod, running, { attempt: 1 }))).lastState, lastState);
  });

  it('makes an end that only the API remembers the last state of the next attempt', () => {
    const state = { terminated: terminated(2, 'Error', 'a-0') };
    const pod = known({ containerID: 'docker://a-0', state });
    assert.deepEqual(compute(pod, observedWith(makeContainer(pod, running, { attempt: 1 }))).lastState, state);
  });

  it('of one that never ran in a pod that was ended: nobody knows', () => {
    const { state, ready } = of(undefined, { ...waitingFor('ErrImagePull'), ended: true });
    assert.equal(ready, false);
    assert.deepEqual(state, {
      terminated: {
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was terminated',
      },
    });
  });

  describe('of other kinds', () => {
    const pod = makePod({
      initContainers: [
        { name: 'plain', image: 'i' },
        { name: 'sidecar', image: 'i', restartPolicy: 'Always' },
      ],
      ephemeralContainers: [{ name: 'debug', image: 'i' }],
    });
    const cases: readonly [name: string, status: ContainerRunState, ready: boolean, started: boolean | undefined][] = [
      ['plain', running, false, true],
      ['plain', exited(0), true, false],
      ['plain', exited(1), false, false],
      ['sidecar', running, true, true],
      ['sidecar', exited(0), false, false],
      ['debug', running, false, undefined],
    ];
    for (const [name, status, ready, started] of cases)
      it(`${name}, ${status.type} ${status.type === 'exited' ? status.exitCode : ''}`, () => {
        const found = compute(pod, observedWith(makeContainer(pod, status, { name })), {}, name);
        assert.deepEqual([found.ready, found.started], [ready, started]);
      });

    it('a sidecar is started and ready when its probes say so', () => {
      const observed = observedWith(makeContainer(pod, running, { name: 'sidecar' }));
      const found = compute(pod, observed, { isReady: () => false, isStarted: () => false }, 'sidecar');
      assert.deepEqual([found.ready, found.started], [false, false]);
    });
  });

  describe('termination messages', () => {
    const messageOf = (text: string, pod: PodObject = podOf({})) =>
      compute(pod, observedWith(makeContainer(pod, exited(1))), { terminationMessages: new Map([['a-0', text]]) }).state
        ?.terminated?.message;

    it('are shown, but no empty one', () => {
      assert.equal(messageOf('out of luck'), 'out of luck');
      assert.equal(messageOf(''), undefined);
    });

    it('share 12 KiB of a pod, of whatever kind its containers are', () => {
      const pod = makePod({
        initContainers: [{ name: 'b', image: 'i' }],
        containers: [
          { name: 'a', image: 'i' },
          { name: 'c', image: 'i' },
        ],
        ephemeralContainers: [{ name: 'd', image: 'i' }],
      });
      assert.equal(messageOf('x'.repeat(20_000))?.length, 12_288);
      assert.equal(messageOf('x'.repeat(20_000), pod)?.length, 3072);
    });

    it('are counted in bytes, and no character is cut', () => {
      const cut = messageOf(`a${'€'.repeat(5000)}`) ?? '';
      assert.equal(cut, `a${'€'.repeat(4095)}`);
      assert.equal(Buffer.byteLength(cut), 12_286);
    });
  });

  it('shows what was given, not what is asked for now', () => {
    const pod = podOf({ resources: { requests: { cpu: '2' } } });
    const given = { requests: { cpu: '1' }, limits: { cpu: '1', memory: '64Mi' } };
    const annotations = { resources: JSON.stringify(given) };
    const found = compute(pod, observedWith(makeContainer(pod, running, { annotations })));
    const requests = { cpu: '1', memory: '64Mi' };
    assert.deepEqual(found.resources, { limits: given.limits, requests });
    assert.deepEqual(found.allocatedResources, requests);
  });

  it('names its mounts', () => {
    const volumeMounts = [
      { name: 'v', mountPath: '/v' },
      { name: 'w', mountPath: '/w', readOnly: true },
      { name: 'x', mountPath: 'x', readOnly: true, recursiveReadOnly: 'IfPossible' },
    ];
    const pod = podOf({ volumeMounts });
    const annotations = { 'recursive-read-only': '["/x"]' };
    const found = compute(pod, observedWith(makeContainer(pod, running, { annotations })));
    assert.deepEqual(found.volumeMounts, [
      { name: 'v', mountPath: '/v' },
      { name: 'w', mountPath: '/w', readOnly: true, recursiveReadOnly: 'Disabled' },
      { name: 'x', mountPath: 'x', readOnly: true, recursiveReadOnly: 'Enabled' },
    ]);
  });
});
