import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from './object.ts';
import { explainPod } from './pod-explanation.ts';
import { diagnosisAnnotation } from './scheduling-diagnosis.ts';
import type { ContainerState, ContainerStatus, Pod, PodSpec, PodStatus } from './types/core/v1.ts';

interface Picture {
  readonly metadata?: Pod['metadata'];
  readonly spec?: Partial<PodSpec>;
  readonly status?: PodStatus;
}

function podOf({ metadata, spec, status }: Picture): Stored<Pod> {
  const own = { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '2030-01-01T00:00:00Z' };
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, ...own } },
    spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'app:1' }], ...spec },
    ...(status && { status }),
  };
}

const container = (state: ContainerState, more: Partial<ContainerStatus> = {}): PodStatus => ({
  phase: 'Pending',
  containerStatuses: [{ name: 'c', image: 'app:1', imageID: '', ready: false, restartCount: 0, state, ...more }],
});
const waiting = (reason: string, message?: string, more: Partial<ContainerStatus> = {}) =>
  container({ waiting: { reason, ...(message && { message }) } }, more);
const unscheduled = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'Unschedulable',
  message: '0/1 nodes are available: 1 Insufficient cpu.',
};
const diagnosis = {
  ...{ observedAt: '2030-01-01T00:00:00Z', nodes: 1 },
  groups: [{ plugin: 'NodeResourcesFit', reasons: ['Insufficient cpu'], count: 1, nodes: ['a'], resolvable: true }],
  nearest: [{ node: 'a', steps: ['needs 300m more cpu', 'uncordon the node'] }],
};

describe('why a pod is not what it should be', () => {
  const cases: readonly [
    name: string,
    pod: Picture,
    causes: readonly (readonly [type: string, message: RegExp, help?: string])[],
  ][] = [
    ['it runs and is ready', { status: { ...container({ running: {} }, { ready: true }), phase: 'Running' } }, []],
    ['it ended well', { status: { phase: 'Succeeded' } }, []],
    [
      'no scheduler has seen it',
      { spec: { nodeName: '', schedulerName: 'mine' } },
      [['scheduling', /No scheduler has decided on it yet; it is for mine/]],
    ],
    ['a gate holds it back', { spec: { nodeName: '', schedulingGates: [{ name: 'x/y' }] } }, [['gate', /x\/y/]]],
    [
      'it fits on no node',
      {
        spec: { nodeName: '' },
        metadata: { annotations: { [diagnosisAnnotation]: JSON.stringify(diagnosis) } },
        status: { conditions: [unscheduled] },
      },
      [['scheduling', /^0\/1 nodes are available: 1 Insufficient cpu\.$/, 'a: needs 300m more cpu; uncordon the node']],
    ],
    [
      'somebody wrote nonsense where the diagnosis is',
      {
        spec: { nodeName: '' },
        metadata: { annotations: { [diagnosisAnnotation]: '{"nodes":"x"}' } },
        status: { conditions: [unscheduled] },
      },
      [['scheduling', /Insufficient cpu/]],
    ],
    [
      'its image cannot be pulled',
      { status: waiting('ImagePullBackOff', 'not found') },
      [['image', /The image app:1 of c cannot be used: not found/]],
    ],
    [
      'a key of a Secret is missing',
      { status: waiting('CreateContainerConfigError', 'secret "s" not found') },
      [['configuration', /cannot be made: secret "s" not found/]],
    ],
    [
      'it crashes',
      {
        status: waiting('CrashLoopBackOff', 'back-off', {
          restartCount: 4,
          lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
        }),
      },
      [
        [
          'crash',
          /keeps ending: exit code 137 \(OOMKilled\); it was restarted 4 times/,
          'raise the memory limit of the container, or let it use less',
        ],
      ],
    ],
    [
      'it is not ready',
      {
        spec: { containers: [{ name: 'c', image: 'app:1', readinessProbe: {} }] },
        status: container({ running: {} }, { started: true }),
      },
      [['probe', /readiness probe fails\.$/]],
    ],
    [
      'it has not started',
      {
        spec: { containers: [{ name: 'c', image: 'app:1', startupProbe: {} }] },
        status: container({ running: {} }, { started: false }),
      },
      [['probe', /startup probe/]],
    ],
    ['its kubelet is silent from the start', {}, [['node', /The kubelet of n1 has not reported/]]],
    ['its containers are being made', { status: waiting('ContainerCreating') }, [['creation', /being made: c\./]]],
    ['it was refused', { status: { phase: 'Failed', reason: 'OutOfcpu', message: 'no' } }, [['pod', /OutOfcpu: no/]]],
    [
      'its only run failed',
      {
        status: { ...container({ terminated: { exitCode: 2, reason: 'Error', message: 'oops\n' } }), phase: 'Failed' },
      },
      [['crash', /ended: exit code 2: oops; the pod's restartPolicy/]],
    ],
    [
      'its node is lost',
      { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } },
      [['node', /Nothing is heard of its node n1/]],
    ],
    [
      'it does not go',
      {
        metadata: { deletionTimestamp: '2030-01-01T00:00:30Z', finalizers: ['a/b'] },
        status: { ...container({ running: {} }, { ready: true }), phase: 'Running' },
      },
      [['deletion', /waits for the kubelet of n1 to end its containers, and for the finalizer a\/b/]],
    ],
  ];
  for (const [name, picture, causes] of cases) {
    it(name, () => {
      const answer = explainPod(podOf(picture)).causes;
      assert.deepEqual(
        answer.map(({ type }) => type),
        causes.map(([type]) => type),
      );
      causes.forEach(([, message, help], i) => {
        assert.match(answer[i]?.message ?? '', message);
        if (help !== undefined) assert.deepEqual(answer[i]?.help, [help]);
      });
    });
  }
});
