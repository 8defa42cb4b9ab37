import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Stored } from '../../../api/object.ts';
import { statefulSets } from '../../../api/resources/apps.ts';
import { persistentVolumeClaims, pods as podResource } from '../../../api/resources/core.ts';
import type { StatefulSet, StatefulSetSpec } from '../../../api/types/apps/v1.ts';
import type { PersistentVolumeClaim, Pod } from '../../../api/types/core/v1.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { maxUnavailableOf, planStatefulSet, type StatefulStep } from './stateful-plan.ts';

const now = Date.UTC(2030, 0, 2);
type State = 'ready' | 'waiting' | 'terminating' | 'failed' | 'crashing' | 'unschedulable';

function setOf(spec: Partial<StatefulSetSpec>, currentReplicas = 0): Stored<StatefulSet> {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'app:1' }] } };
  return storedObject(statefulSets, {
    metadata: { name: 'web', generation: 1 },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      ...spec,
    },
    status: { replicas: 0, currentReplicas },
  });
}

function podOf(ordinal: number, state: State, revision = 'new'): Stored<Pod> {
  const lastTransitionTime = '2030-01-01T00:00:00Z';
  const name = `web-${ordinal}`;
  const waiting = { name: 'c', image: '', imageID: '', ready: false, restartCount: 3 };
  const pod = storedObject(podResource, {
    metadata: {
      name,
      labels: { app: 'web', 'controller-revision-hash': revision, 'statefulset.kubernetes.io/pod-name': name },
    },
    status: {
      phase: state === 'failed' ? 'Failed' : state === 'unschedulable' ? 'Pending' : 'Running',
      conditions: [
        { type: 'Ready', status: state === 'ready' || state === 'terminating' ? 'True' : 'False', lastTransitionTime },
        ...(state === 'unschedulable' ? [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] : []),
      ],
      ...(state === 'crashing' && {
        containerStatuses: [{ ...waiting, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
      }),
    },
  });
  if (state === 'terminating') pod.metadata.deletionTimestamp = '2030-01-01T00:00:10Z';
  return pod;
}

const textOf = (step: StatefulStep): string => {
  switch (step.type) {
    case 'create':
      return `create ${step.ordinal} ${step.revision}`;
    case 'createClaims':
      return `claims ${step.ordinal}`;
    case 'own':
      return `own ${step.claim.metadata.name} ${step.owners.map(({ kind }) => kind).join() || 'nobody'}`;
    default:
      return `${step.type} ${step.pod.metadata.name}`;
  }
};

interface Case {
  readonly spec?: Partial<StatefulSetSpec>;
  readonly pods: readonly Stored<Pod>[];
  readonly claims?: readonly Stored<PersistentVolumeClaim>[];
  readonly currentReplicas?: number;
}

function planOf({ spec = {}, pods, claims = [], currentReplicas }: Case): string[] {
  const claim = (name: string) => claims.find(({ metadata }) => metadata.name === name);
  const set = setOf(spec, currentReplicas);
  return planStatefulSet({ set, pods, current: 'old', update: 'new', claim, now }).map(textOf);
}

const parallel = { podManagementPolicy: 'Parallel' };

describe('stateful plan: pods', () => {
  const cases: [string, Case, string[]][] = [
    ['the first missing one is made alone', { pods: [] }, ['create 0 update']],
    ['a gap is filled before anything else', { pods: [podOf(0, 'ready'), podOf(2, 'ready')] }, ['create 1 update']],
    ['in order, nothing goes past a pod that waits', { pods: [podOf(0, 'waiting')] }, []],
    ['in order, nothing goes past a pod on its way out', { pods: [podOf(0, 'terminating')] }, []],
    [
      'in parallel, all missing ones are made',
      { spec: parallel, pods: [podOf(1, 'waiting')] },
      ['create 0 update', 'create 2 update'],
    ],
    ['a finished pod goes, to be made again', { pods: [podOf(0, 'failed')] }, ['delete web-0']],
    [
      'superfluous ones go one by one, the highest first',
      { spec: { replicas: 1 }, pods: [podOf(0, 'ready'), podOf(1, 'ready'), podOf(2, 'ready')] },
      ['delete web-2'],
    ],
    [
      'none goes while another is on its way',
      { spec: { replicas: 1 }, pods: [podOf(0, 'ready'), podOf(1, 'ready'), podOf(2, 'terminating')] },
      [],
    ],
    [
      'of superfluous ones that are not available only the lowest may go',
      { spec: { replicas: 1 }, pods: [podOf(0, 'ready'), podOf(1, 'waiting'), podOf(2, 'waiting')] },
      [],
    ],
    [
      'one that is not available may go',
      { spec: { replicas: 2 }, pods: [podOf(0, 'ready'), podOf(1, 'ready'), podOf(2, 'waiting')] },
      ['delete web-2'],
    ],
    [
      'in parallel, all superfluous ones go',
      { spec: { ...parallel, replicas: 1 }, pods: [podOf(0, 'ready'), podOf(1, 'ready'), podOf(2, 'waiting')] },
      ['delete web-2', 'delete web-1'],
    ],
    [
      'ordinals below the first one are superfluous',
      { spec: { replicas: 1, ordinals: { start: 1 } }, pods: [podOf(0, 'ready'), podOf(1, 'ready')] },
      ['delete web-0'],
    ],
  ];
  for (const [title, situation, wanted] of cases) it(title, () => assert.deepEqual(planOf(situation), wanted));

  it('a set with as many pods as a number can say costs no more than it does', () => {
    const replicas = 2 ** 31 - 1;
    assert.equal(planOf({ spec: { ...parallel, replicas }, pods: [] }).length, 500);
    assert.deepEqual(planOf({ spec: { replicas }, pods: [podOf(0, 'ready')] }), ['create 1 update']);
  });

  it('a set that is being deleted does nothing', () => {
    const set = setOf({});
    set.metadata.deletionTimestamp = '2030-01-01T00:00:00Z';
    assert.deepEqual(
      planStatefulSet({ set, pods: [], current: 'new', update: 'new', claim: () => undefined, now }),
      [],
    );
  });
});

describe('stateful plan: updates', () => {
  const old = [podOf(0, 'ready', 'old'), podOf(1, 'ready', 'old'), podOf(2, 'ready', 'old')] as const;
  const rolling = (rollingUpdate: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });
  const cases: [string, Case, string[]][] = [
    ['the highest goes first', { pods: old }, ['delete web-2']],
    ['the next waits until it is available', { spec: parallel, pods: [old[0], old[1], podOf(2, 'waiting')] }, []],
    ['not below the partition', { spec: rolling({ partition: 3 }), pods: old }, []],
    [
      'a pod below the partition is made of the revision that the set comes from',
      { spec: rolling({ partition: 1 }), pods: [] },
      ['create 0 current'],
    ],
    [
      'without a partition as many are made of it as there were',
      { spec: { updateStrategy: { type: 'RollingUpdate' } }, pods: [], currentReplicas: 1 },
      ['create 0 current'],
    ],
    ['OnDelete replaces nothing', { spec: { updateStrategy: { type: 'OnDelete' } }, pods: old }, []],
    [
      'as many at once as may be unavailable',
      { spec: { ...parallel, ...rolling({ maxUnavailable: 2 }) }, pods: old },
      ['delete web-2', 'delete web-1'],
    ],
    [
      'those that are missed already count, and go for nothing',
      {
        spec: { ...parallel, ...rolling({ maxUnavailable: 2 }) },
        pods: [podOf(0, 'waiting', 'old'), old[1], old[2]],
      },
      ['delete web-0', 'delete web-2'],
    ],
    [
      'a pod that cannot run is replaced by the update that it would hold up',
      { pods: [old[0], podOf(1, 'crashing', 'broken')] },
      ['delete web-1'],
    ],
    ['so is one that no node can take', { pods: [old[0], podOf(1, 'unschedulable', 'broken')] }, ['delete web-1']],
    ['but not one of the newest revision', { pods: [old[0], podOf(1, 'crashing')] }, []],
    ['nor one below the partition', { spec: rolling({ partition: 2 }), pods: [podOf(0, 'crashing', 'broken')] }, []],
  ];
  for (const [title, situation, wanted] of cases) it(title, () => assert.deepEqual(planOf(situation), wanted));

  it('how many may be unavailable is a number or a share, in the spec or an annotation, and never none', () => {
    const of = (maxUnavailable: number | string | undefined, annotation?: string) => {
      const set = setOf({ replicas: 10, ...rolling({ ...(maxUnavailable !== undefined && { maxUnavailable }) }) });
      if (annotation !== undefined) set.metadata.annotations = { 'longshore.dev/max-unavailable': annotation };
      return maxUnavailableOf(set);
    };
    assert.deepEqual([of(undefined), of(3), of('25%'), of('1%'), of(0)], [1, 3, 2, 1, 1]);
    assert.deepEqual([of(undefined, '4'), of(undefined, '50%'), of(2, '4'), of(undefined, 'all')], [4, 5, 2, 1]);
  });
});

describe('stateful plan: claims', () => {
  const spec = (whenScaled: string, whenDeleted = 'Retain') => ({
    replicas: 1,
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    persistentVolumeClaimRetentionPolicy: { whenScaled, whenDeleted },
  });
  const claimOf = (ordinal: number, owner?: 'Pod' | 'StatefulSet', uid?: string): Stored<PersistentVolumeClaim> => {
    const name = owner === 'Pod' ? `web-${ordinal}` : 'web';
    const apiVersion = owner === 'Pod' ? 'v1' : 'apps/v1';
    return storedObject(persistentVolumeClaims, {
      metadata: {
        name: `data-web-${ordinal}`,
        ...(owner && {
          ownerReferences: [
            { apiVersion, kind: owner, name, uid: uid ?? name, controller: true, blockOwnerDeletion: true },
          ],
        }),
      },
    });
  };
  const two = [podOf(0, 'ready'), podOf(1, 'ready')];
  const cases: [string, Case, string[]][] = [
    [
      'of a pod that is scaled away the claim goes with it',
      { spec: spec('Delete'), pods: two, claims: [claimOf(0), claimOf(1)] },
      ['own data-web-1 Pod', 'delete web-1'],
    ],
    [
      'and is kept when it is wanted again',
      { spec: { ...spec('Delete'), replicas: 2 }, pods: two, claims: [claimOf(0), claimOf(1, 'Pod')] },
      ['own data-web-1 nobody'],
    ],
    [
      'the set owns what goes with it',
      {
        spec: { ...spec('Retain', 'Delete'), replicas: 2 },
        pods: two,
        claims: [claimOf(0, 'StatefulSet'), claimOf(1)],
      },
      ['own data-web-1 StatefulSet'],
    ],
    [
      'a claim of an earlier pod of that name has to be gone before there is another',
      {
        spec: { ...spec('Delete'), replicas: 2 },
        pods: [podOf(0, 'ready')],
        claims: [claimOf(0), claimOf(1, 'Pod', 'x')],
      },
      [],
    ],
    [
      'what is owned as it should be is left alone',
      { spec: { ...spec('Retain'), replicas: 2 }, pods: two, claims: [claimOf(0)] },
      [],
    ],
  ];
  for (const [title, situation, wanted] of cases) it(title, () => assert.deepEqual(planOf(situation), wanted));
});

describe('stateful plan: any world', () => {
  const states: State[] = ['ready', 'waiting', 'terminating', 'failed', 'crashing', 'unschedulable'];
  const worlds = fc.record({
    replicas: fc.integer({ min: 0, max: 6 }),
    start: fc.integer({ min: 0, max: 2 }),
    partition: fc.integer({ min: 0, max: 7 }),
    podManagementPolicy: fc.constantFrom('Parallel', 'OrderedReady'),
    maxUnavailable: fc.integer({ min: 1, max: 3 }),
    pods: fc.uniqueArray(
      fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(...states), fc.constantFrom('old', 'new', 'older')),
      { selector: ([ordinal]) => ordinal },
    ),
  });
  type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;
  const setIn = ({ replicas, start, partition, podManagementPolicy, maxUnavailable }: World) =>
    setOf({
      replicas,
      ordinals: { start },
      podManagementPolicy,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition, maxUnavailable } },
    });
  const plan = (set: Stored<StatefulSet>, pods: Iterable<Stored<Pod>>) =>
    planStatefulSet({ set, pods: [...pods], current: 'old', update: 'new', claim: () => undefined, now });
  const ordinalIn = ({ metadata }: { readonly metadata: { readonly name: string } }) => Number(metadata.name.slice(4));
  const podsIn = (world: World) =>
    new Map(world.pods.map(([ordinal, state, revision]) => [ordinal, podOf(ordinal, state, revision)]));
  const isReady = (pod: Stored<Pod> | undefined) =>
    pod?.status?.conditions?.[0]?.status === 'True' && pod.metadata.deletionTimestamp === undefined;

  it('takes no pod that serves beyond what may be away, and in order none past one that does not', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const [set, pods] = [setIn(world), podsIn(world)];
        const steps = plan(set, pods.values());
        const range = Array.from({ length: world.replicas }, (_, i) => world.start + i);
        const away = range.filter((ordinal) => !isReady(pods.get(ordinal))).length;
        const taken = steps.filter(
          (step) => step.type === 'delete' && step.outdated && isReady(pods.get(ordinalIn(step.pod))),
        );
        if (world.maxUnavailable > 1 && taken.length > 0) assert.ok(away + taken.length <= world.maxUnavailable);
        if (world.maxUnavailable === 1) assert.ok(taken.length <= 1);
        if (world.podManagementPolicy === 'Parallel') return;
        for (const step of steps) {
          if (step.type !== 'create') continue;
          assert.ok(range.filter((ordinal) => ordinal < step.ordinal).every((ordinal) => isReady(pods.get(ordinal))));
          assert.equal(steps.length, 1);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('ends at what is wanted once kubelets do their part, and then does nothing', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const [set, pods] = [setIn(world), podsIn(world)];
        for (let round = 0; round < 80; round += 1) {
          for (const [ordinal, pod] of pods) {
            if (pod.metadata.deletionTimestamp !== undefined) pods.delete(ordinal);
            else if (pod.status?.phase !== 'Failed')
              pods.set(ordinal, podOf(ordinal, 'ready', pod.metadata.labels?.['controller-revision-hash']));
          }
          const steps = plan(set, pods.values());
          if (steps.length === 0) break;
          for (const step of steps) {
            if (step.type === 'delete')
              step.pod.metadata.name && pods.set(ordinalIn(step.pod), podOf(ordinalIn(step.pod), 'terminating'));
            else if (step.type === 'create') {
              assert.equal(pods.has(step.ordinal), false);
              pods.set(step.ordinal, podOf(step.ordinal, 'waiting', step.revision === 'current' ? 'old' : 'new'));
            }
          }
        }
        assert.deepEqual(plan(set, pods.values()), []);
        const range = Array.from({ length: world.replicas }, (_, i) => world.start + i);
        assert.deepEqual(
          [...pods.keys()].sort((a, b) => a - b),
          range,
        );
        for (const [ordinal, pod] of pods) {
          if (ordinal >= world.start + world.partition)
            assert.equal(pod.metadata.labels?.['controller-revision-hash'], 'new');
        }
      }),
      { numRuns: 500 },
    );
  });
});
