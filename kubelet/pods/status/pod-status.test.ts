import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodStatus } from '../../../api/types/core/v1.ts';
import type { ObservedPod, PodObject } from '../../model/pod.ts';
import type { ContainerRunState } from '../../runtime/runtime.ts';
import {
  exited,
  makeContainer,
  makePod,
  makeSandbox,
  observedWith,
  type PodSpec,
  running,
} from '../../testing/make-pod.ts';
import { computePodStatus, computeRejectedStatus, type StatusContext } from './pod-status.ts';

const now = Date.UTC(2030, 0, 1, 0, 1);
const time = '2030-01-01T00:01:00Z';
const usual: StatusContext = {
  waiting: new Map(),
  runtimeName: 'docker',
  podFolder: '/data/pods/u',
  terminationMessages: new Map(),
  isReady: () => true,
  isStarted: () => true,
  isInHook: () => false,
  ended: false,
  nodeIp: '192.0.2.10',
  ending: false,
  over: false,
  now,
};
const compute = (pod: PodObject, observed: ObservedPod, context: Partial<StatusContext> = {}) =>
  computePodStatus(pod, observed, { ...usual, ...context });

type States = Readonly<Record<string, ContainerRunState>>;
const observedOf = (pod: PodObject, states: States): ObservedPod =>
  observedWith(...Object.entries(states).map(([name, status]) => makeContainer(pod, status, { name })));
const waitFor = (reason: string, ...names: string[]) => ({
  waiting: new Map(names.map((name) => [name, { reason }])),
});
/** `Ready False ContainersNotReady` */
const conditionsOf = ({ conditions = [] }: PodStatus, ...types: string[]) =>
  conditions
    .filter(({ type }) => types.length === 0 || types.includes(type))
    .map(({ type, status, reason }) => [type, status, ...(reason === undefined ? [] : [reason])].join(' '));

const two: Partial<PodSpec> = {
  containers: [
    { name: 'a', image: 'i' },
    { name: 'b', image: 'i' },
  ],
};
const init: Partial<PodSpec> = {
  initContainers: [
    { name: 'first', image: 'i' },
    { name: 'second', image: 'i' },
  ],
};
const sidecar: Partial<PodSpec> = { initContainers: [{ name: 's', image: 'i', restartPolicy: 'Always' }] };
const over = { over: true };

describe('the phase of a pod', () => {
  const cases: readonly [
    words: string,
    spec: Partial<PodSpec>,
    states: States,
    context: Partial<StatusContext>,
    phase: string,
  ][] = [
    ['nothing was made yet', {}, {}, {}, 'Pending'],
    ['a container was made, but not started', {}, { a: { type: 'created' } }, {}, 'Pending'],
    ['all run', two, { a: running, b: running }, {}, 'Running'],
    ['one has not started yet', two, { a: running }, {}, 'Pending'],
    ['one cannot be started', two, { a: running }, waitFor('ErrImagePull', 'b'), 'Pending'],
    ['one ended, one runs', { ...two, restartPolicy: 'Never' }, { a: exited(1), b: running }, {}, 'Running'],
    ['one waits to run again', two, { a: exited(1), b: running }, waitFor('CrashLoopBackOff', 'a'), 'Running'],
    ['all wait to run again', {}, { a: exited(1) }, waitFor('CrashLoopBackOff', 'a'), 'Running'],
    ['all ended well', two, { a: exited(0), b: exited(0) }, over, 'Succeeded'],
    ['all ended, one badly', two, { a: exited(0), b: exited(1) }, over, 'Failed'],
    ['an init container runs', init, { first: running }, {}, 'Pending'],
    ['between init containers', init, { first: exited(0) }, {}, 'Pending'],
    [
      'an init container failed and is tried again',
      init,
      { first: exited(1) },
      waitFor('CrashLoopBackOff', 'first'),
      'Pending',
    ],
    ['init containers are through, the main one starts', init, { first: exited(0), second: exited(0) }, {}, 'Pending'],
    [
      'init containers are through, the main one runs',
      init,
      { first: exited(0), second: exited(0), a: running },
      {},
      'Running',
    ],
    ['an init container failed for good', { ...init, restartPolicy: 'Never' }, { first: exited(1) }, over, 'Failed'],
    [
      'an init container failed once, and the pod succeeded',
      { ...init, restartPolicy: 'OnFailure' },
      { first: exited(0), second: exited(0), a: exited(0) },
      over,
      'Succeeded',
    ],
    ['a sidecar runs, the main one does not yet', sidecar, { s: running }, {}, 'Pending'],
    ['a sidecar has not started', sidecar, { s: running }, { isStarted: () => false }, 'Pending'],
    ['a sidecar is started again beside the main one', sidecar, { s: exited(1), a: running }, {}, 'Running'],
    ['a sidecar ended badly after the main one succeeded', sidecar, { s: exited(1), a: exited(0) }, over, 'Succeeded'],
    ['a sidecar ended well after the main one failed', sidecar, { s: exited(0), a: exited(1) }, over, 'Failed'],
  ];
  for (const [words, spec, states, context, phase] of cases)
    it(`is ${phase} when ${words}`, () => {
      const pod = makePod(spec);
      assert.equal(compute(pod, observedOf(pod, states), context).phase, phase);
    });

  const failure = { reason: 'DeadlineExceeded', message: 'too late' };

  it('stays what it was while a pod that failed ends, then it is Failed', () => {
    const pod = makePod({}, { status: { phase: 'Running' } });
    const ending = compute(pod, observedOf(pod, { a: running }), { failure });
    assert.deepEqual([ending.phase, ending.reason, ending.message], ['Running', 'DeadlineExceeded', 'too late']);
    assert.equal(compute(pod, observedOf(pod, { a: exited(0) }), { failure, ...over, ended: true }).phase, 'Failed');
  });

  for (const phase of ['Succeeded', 'Failed'])
    it(`never leaves ${phase}`, () => {
      const pod = makePod({}, { status: { phase } });
      assert.equal(compute(pod, observedOf(pod, { a: running })).phase, phase);
    });
});

describe('the conditions of a pod', () => {
  it('of one that runs all hold', () => {
    const pod = makePod();
    assert.deepEqual(conditionsOf(compute(pod, observedOf(pod, { a: running }))), [
      'PodReadyToStartContainers True',
      'Initialized True',
      'Ready True',
      'ContainersReady True',
      'PodScheduled True',
    ]);
  });

  it('of a new one', () => {
    const status = compute(makePod(init), { sandboxes: [], containers: [] });
    assert.deepEqual(conditionsOf(status), [
      'PodReadyToStartContainers False',
      'Initialized False ContainersNotInitialized',
      'Ready False ContainersNotReady',
      'ContainersReady False ContainersNotReady',
      'PodScheduled True',
    ]);
    const messageOf = (type: string) => status.conditions?.find((one) => one.type === type)?.message;
    assert.equal(messageOf('Initialized'), 'containers with incomplete status: [first second]');
    assert.equal(messageOf('Ready'), 'containers with unready status: [a]');
  });

  it('of one that is over', () => {
    const pod = makePod({ restartPolicy: 'Never' });
    assert.deepEqual(conditionsOf(compute(pod, observedOf(pod, { a: exited(0) }), over), 'Initialized', 'Ready'), [
      'Initialized True PodCompleted',
      'Ready False PodCompleted',
    ]);
    assert.deepEqual(conditionsOf(compute(pod, observedOf(pod, { a: exited(1) }), over), 'Initialized', 'Ready'), [
      'Initialized True',
      'Ready False PodFailed',
    ]);
  });

  it('count sidecars as they count main containers, and plain init containers not', () => {
    const pod = makePod({ initContainers: [{ name: 'first' }, { name: 's', restartPolicy: 'Always' }] });
    const observed = observedOf(pod, { first: exited(0), s: running, a: running });
    const status = compute(pod, observed, { isReady: (id) => id !== 's-0' });
    const ready = status.conditions?.find(({ type }) => type === 'ContainersReady');
    assert.deepEqual([ready?.status, ready?.message], ['False', 'containers with unready status: [s]']);
  });

  const gate = 'example.com/gate';
  const gates: readonly [condition: string | undefined, wanted: string, message?: string][] = [
    ['True', 'True'],
    ['False', 'False', `the status of pod readiness gate "${gate}" is not "True", but False`],
    [undefined, 'False', `corresponding condition of pod readiness gate "${gate}" does not exist.`],
  ];
  for (const [condition, wanted, message] of gates)
    it(`Ready is ${wanted} when a readiness gate is ${condition}`, () => {
      const conditions = condition === undefined ? [] : [{ type: gate, status: condition }];
      const pod = makePod({ readinessGates: [{ conditionType: gate }] }, { status: { conditions } });
      const status = compute(pod, observedOf(pod, { a: running }));
      const ready = status.conditions?.find(({ type }) => type === 'Ready');
      assert.deepEqual([ready?.status, ready?.message], [wanted, message]);
      assert.deepEqual(conditionsOf(status, 'ContainersReady'), ['ContainersReady True']);
    });

  it('keep the time of their last change, and only that', () => {
    const before = '2030-01-01T00:00:00Z';
    const conditions = [
      { type: 'Ready', status: 'False', lastTransitionTime: before },
      { type: 'Initialized', status: 'True', lastTransitionTime: before },
    ];
    const pod = makePod({}, { status: { conditions } });
    const status = compute(pod, observedOf(pod, { a: running }));
    const timeOf = (type: string) => status.conditions?.find((one) => one.type === type)?.lastTransitionTime;
    assert.deepEqual([timeOf('Ready'), timeOf('Initialized')], [time, before]);
  });
});

describe('the rest of a pod’s status', () => {
  it('has the addresses of pod and node', () => {
    const { podIP, podIPs, hostIP, hostIPs } = compute(makePod(), observedWith());
    assert.deepEqual(
      [podIP, podIPs, hostIP, hostIPs],
      ['10.0.0.7', [{ ip: '10.0.0.7' }], '192.0.2.10', [{ ip: '192.0.2.10' }]],
    );
  });

  const addresses: readonly [words: string, pod: PodObject, observed: ObservedPod, ip: string | undefined][] = [
    ['none before there is a sandbox', makePod(), { sandboxes: [], containers: [] }, undefined],
    ['the node’s on its network', makePod({ hostNetwork: true }), observedWith(), '192.0.2.10'],
    [
      'none there before there is a sandbox',
      makePod({ hostNetwork: true }),
      { sandboxes: [], containers: [] },
      undefined,
    ],
    [
      'none when the sandbox ended',
      makePod({}, { status: { podIP: '10.0.0.3' } }),
      { sandboxes: [{ ...makeSandbox({ running: false }), ip: undefined }], containers: [] },
      undefined,
    ],
  ];
  for (const [words, pod, observed, ip] of addresses)
    it(`has as its address ${words}`, () => assert.equal(compute(pod, observed).podIP, ip));

  it('keeps its last address when it ends', () => {
    const pod = makePod({}, { status: { podIP: '10.0.0.3' } });
    const observed = { sandboxes: [{ ...makeSandbox({ running: false }), ip: undefined }], containers: [] };
    const { podIP, podIPs } = compute(pod, observed, { ending: true });
    assert.deepEqual([podIP, podIPs], ['10.0.0.3', [{ ip: '10.0.0.3' }]]);
  });

  it('is not ready while its sandbox does not run', () => {
    const pod = makePod();
    const observed = { sandboxes: [makeSandbox({ running: false })], containers: [makeContainer(pod, running)] };
    const status = compute(pod, observed);
    assert.deepEqual(conditionsOf(status, 'Ready', 'PodReadyToStartContainers'), [
      'PodReadyToStartContainers False',
      'Ready False ContainersNotReady',
    ]);
    assert.equal(status.containerStatuses?.[0]?.ready, false);
  });

  it('keeps when it began', () => {
    assert.equal(compute(makePod(), observedWith()).startTime, time);
    const startTime = '2030-01-01T00:00:00Z';
    assert.equal(compute(makePod({}, { status: { startTime } }), observedWith()).startTime, startTime);
  });

  it('says which generation it is of', () => {
    const pod = makePod({}, { metadata: { ...makePod().metadata, generation: 3 } });
    const status = compute(pod, observedWith());
    assert.equal(status.observedGeneration, 3);
    assert.ok(status.conditions?.every((one) => (one as { observedGeneration?: number }).observedGeneration === 3));
  });

  it('shows containers that wait for init containers as such, the one whose turn it is as being made', () => {
    const pod = makePod(init);
    const reasonsOf = (states: States, context?: Partial<StatusContext>) => {
      const { initContainerStatuses = [], containerStatuses = [] } = compute(pod, observedOf(pod, states), context);
      return [...initContainerStatuses, ...containerStatuses].map(({ state }) => state?.waiting?.reason);
    };
    assert.deepEqual(reasonsOf({ first: running }), [undefined, 'PodInitializing', 'PodInitializing']);
    assert.deepEqual(reasonsOf({}, waitFor('ErrImagePull', 'first')), [
      'ErrImagePull',
      'PodInitializing',
      'PodInitializing',
    ]);
    assert.deepEqual(reasonsOf({ first: exited(0), second: exited(0) }), [undefined, undefined, 'ContainerCreating']);
  });

  it('lists ephemeral containers, but none that never ran in a pod that was ended', () => {
    const pod = makePod({ ephemeralContainers: [{ name: 'e', image: 'i' }] });
    const namesOf = (states: States, context?: Partial<StatusContext>) =>
      compute(pod, observedOf(pod, states), context).ephemeralContainerStatuses?.map(({ name }) => name);
    assert.deepEqual(namesOf({}), ['e']);
    assert.deepEqual(namesOf({ e: exited(0) }, { ended: true }), ['e']);
    assert.equal(namesOf({}, { ended: true }), undefined);
  });

  it('of a pod that the node does not take is a reason, nothing else', () => {
    const pod = makePod({}, { status: { qosClass: 'BestEffort' } });
    assert.deepEqual(computeRejectedStatus(pod, { reason: 'SysctlForbidden', message: 'no', now }), {
      phase: 'Failed',
      reason: 'SysctlForbidden',
      message: 'Pod was rejected: no',
      qosClass: 'BestEffort',
      startTime: time,
    });
  });
});
