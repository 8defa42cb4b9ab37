import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Stored } from '../../../api/object.ts';
import { daemonSets } from '../../../api/resources/apps.ts';
import { nodes as nodeResource, pods as podResource } from '../../../api/resources/core.ts';
import type { DaemonSet, RollingUpdateDaemonSet } from '../../../api/types/apps/v1.ts';
import type { Node, Pod, PodSpec, Taint } from '../../../api/types/core/v1.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { type DaemonWorld, planNodes, planUpdates, viewNodes } from './daemon-plan.ts';
import { placementRule, targetNodeOf, templateFor, tolerationsOf } from './daemon-pod.ts';

const now = Date.UTC(2030, 0, 2);
type State = 'ready' | 'waiting' | 'terminating' | 'failed' | 'succeeded';

function setOf(rollingUpdate: RollingUpdateDaemonSet = {}, spec: Partial<PodSpec> = {}): Stored<DaemonSet> {
  return storedObject(daemonSets, {
    metadata: { name: 'agent', annotations: { 'deprecated.daemonset.template.generation': '2' } },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [], ...spec } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate },
    },
  });
}

const nodeOf = (name: string, taints: Taint[] = [], labels: Record<string, string> = {}): Stored<Node> =>
  storedObject(nodeResource, { metadata: { name, labels }, spec: { taints } });

let made = 0;
function podOf(node: string, state: State, revision = 'new', bound = true): Stored<Pod> {
  made += 1;
  const phases: Partial<Record<State, string>> = { failed: 'Failed', succeeded: 'Succeeded' };
  const pod = storedObject(podResource, {
    metadata: {
      name: `agent-${made}`,
      labels: { revision },
      creationTimestamp: new Date(now - 1e9 + made * 1000).toISOString(),
    },
    spec: {
      containers: [],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
          },
        },
      },
      ...(bound && { nodeName: node }),
    },
    status: {
      phase: phases[state] ?? 'Running',
      conditions: [{ type: 'Ready', status: state === 'ready' || state === 'terminating' ? 'True' : 'False' }],
    },
  });
  if (state === 'terminating') pod.metadata.deletionTimestamp = '2030-01-01T00:00:10Z';
  return pod;
}

const worldOf = (set: Stored<DaemonSet>, nodes: Stored<Node>[], pods: Stored<Pod>[]): DaemonWorld => ({
  set,
  nodes,
  pods,
  isUpdated: ({ metadata }) => metadata.labels?.revision === 'new',
  now,
});

const describePods = (pods: readonly { readonly metadata: { readonly labels?: Readonly<Record<string, string>> } }[]) =>
  pods.map((pod) => pod.metadata.labels?.revision ?? '');

describe('daemon pods', () => {
  const noSchedule: Taint = { key: 'k', effect: 'NoSchedule' };
  const noExecute: Taint = { key: 'k', effect: 'NoExecute' };
  const network: Taint = { key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' };

  it('are where node selector, affinity, name and taints let them be', () => {
    const cases: [string, Partial<PodSpec>, Stored<Node>, boolean, boolean][] = [
      ['any node', {}, nodeOf('a'), true, true],
      ['another node is named', { nodeName: 'b' }, nodeOf('a'), false, false],
      ['a label is missing', { nodeSelector: { disk: 'ssd' } }, nodeOf('a'), false, false],
      ['a label is there', { nodeSelector: { disk: 'ssd' } }, nodeOf('a', [], { disk: 'ssd' }), true, true],
      ['a new taint lets it stay', {}, nodeOf('a', [noSchedule]), false, true],
      ['a taint that drives it away', {}, nodeOf('a', [noExecute]), false, false],
      ['one that it prefers not to meet', {}, nodeOf('a', [{ key: 'k', effect: 'PreferNoSchedule' }]), true, true],
      ['no network, and it needs one', {}, nodeOf('a', [network]), false, true],
      ["no network, but the host's", { hostNetwork: true }, nodeOf('a', [network]), true, true],
      ['tolerated', { tolerations: [{ operator: 'Exists' }] }, nodeOf('a', [noSchedule, noExecute]), true, true],
      [
        'cordoned, under pressure, unreachable',
        {},
        nodeOf('a', [
          { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
          { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' },
          { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
        ]),
        true,
        true,
      ],
    ];
    for (const [title, spec, node, shouldRun, mayStay] of cases) {
      assert.deepEqual(placementRule(setOf({}, spec))(node), { shouldRun, mayStay }, title);
    }
  });

  it('are meant for one node, in place of what the template asks of nodes', () => {
    const terms = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'x', operator: 'Exists' }] }] };
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
    const { spec, metadata } = templateFor(setOf({}, { affinity }), 'a', 'h');
    assert.deepEqual(spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution, {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }],
    });
    assert.deepEqual(metadata?.labels, {
      app: 'agent',
      'pod-template-generation': '2',
      'controller-revision-hash': 'h',
    });
    assert.equal(targetNodeOf(podOf('a', 'waiting', 'new', false)), 'a');
  });

  it('tolerate what their template does, and nothing twice', () => {
    const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 };
    const found = tolerationsOf({ containers: [], tolerations: [own, { key: 'x', operator: 'Exists' }] });
    assert.equal(found.filter(({ key }) => key === own.key).length, 1);
    assert.equal(found.length, 7);
  });
});

describe('daemon plan: nodes', () => {
  const plan = (set: Stored<DaemonSet>, nodes: Stored<Node>[], pods: Stored<Pod>[]) => {
    const world = worldOf(set, nodes, pods);
    return planNodes(viewNodes(world), world);
  };
  const tainted = nodeOf('a', [{ key: 'k', effect: 'NoExecute' }]);

  it('makes what is missing, and nothing beside a pod on its way out', () => {
    const { create } = plan(
      setOf(),
      [nodeOf('a'), nodeOf('b'), nodeOf('c')],
      [podOf('b', 'terminating'), podOf('c', 'ready')],
    );
    assert.deepEqual(create, ['a']);
  });

  it('deletes what may not stay, and all but the oldest of several', () => {
    const [first, second] = [podOf('a', 'ready'), podOf('a', 'ready')];
    assert.deepEqual(plan(setOf(), [tainted], [first]).delete, [first]);
    assert.deepEqual(plan(setOf(), [nodeOf('a')], [second, first]).delete, [second]);
  });

  it('deletes what waits for a node that is gone, not what was bound to it', () => {
    const waiting = podOf('gone', 'waiting', 'new', false);
    assert.deepEqual(plan(setOf(), [], [waiting, podOf('gone', 'ready')]).delete, [waiting]);
  });

  it('tells finished pods apart', () => {
    const [failed, succeeded] = [podOf('a', 'failed'), podOf('b', 'succeeded')];
    const found = plan(setOf(), [nodeOf('a'), nodeOf('b')], [failed, succeeded]);
    assert.deepEqual([found.failed, found.succeeded], [[{ node: 'a', pod: failed }], [{ node: 'b', pod: succeeded }]]);
    assert.deepEqual([found.create, found.delete], [[], []]);
  });

  it('with a surge keeps the old pod only while it is ready and the new one is not', () => {
    const surge = setOf({ maxSurge: 1, maxUnavailable: 0 });
    const on = (old: State, fresh: State) =>
      describePods(plan(surge, [nodeOf('a')], [podOf('a', old, 'old'), podOf('a', fresh)]).delete);
    assert.deepEqual([on('ready', 'waiting'), on('ready', 'ready'), on('waiting', 'waiting')], [[], ['old'], ['old']]);
  });
});

describe('daemon plan: updates', () => {
  const nodes = ['a', 'b', 'c', 'd'].map((name) => nodeOf(name));
  const plan = (rollingUpdate: RollingUpdateDaemonSet, states: [State, string][]) => {
    const pods = states.map(([state, revision], i) => podOf('abcd'[i] ?? '', state, revision));
    const world = worldOf(setOf(rollingUpdate), nodes, pods);
    const found = planUpdates(viewNodes(world), world);
    return { create: found.create, deleted: found.delete.map(targetNodeOf) };
  };
  const allOld: [State, string][] = [
    ['ready', 'old'],
    ['ready', 'old'],
    ['ready', 'old'],
    ['ready', 'old'],
  ];

  it('takes as many as may be unavailable', () => {
    assert.deepEqual(plan({ maxUnavailable: 1 }, allOld).deleted, ['a']);
    assert.deepEqual(plan({ maxUnavailable: '50%' }, allOld).deleted, ['a', 'b']);
    assert.deepEqual(plan({ maxUnavailable: '30%' }, allOld).deleted, ['a', 'b']);
    assert.deepEqual(plan({ maxUnavailable: 1 }, [['waiting', 'new'], ...allOld.slice(1)]).deleted, []);
    assert.deepEqual(plan({ maxUnavailable: 1 }, [['terminating', 'old'], ...allOld.slice(1)]).deleted, []);
  });

  it('replaces what is not available anyway, and counts it', () => {
    assert.deepEqual(plan({ maxUnavailable: 1 }, [...allOld.slice(1), ['waiting', 'old']]).deleted, ['d']);
  });

  it('surges to as many nodes as it may, and to those whose pod is missed', () => {
    const surge = { maxSurge: 1, maxUnavailable: 0 };
    assert.deepEqual(plan(surge, allOld), { create: ['a'], deleted: [] });
    assert.deepEqual(plan(surge, [...allOld.slice(1), ['waiting', 'old']]), { create: ['d', 'a'], deleted: [] });
    assert.deepEqual(plan({ maxSurge: '100%', maxUnavailable: 0 }, allOld).create, ['a', 'b', 'c', 'd']);
  });
});

describe('daemon plan: any world', () => {
  const states: State[] = ['ready', 'waiting', 'terminating', 'failed', 'succeeded'];
  const worlds = fc.record({
    nodes: fc.array(fc.constantFrom('free', 'cordoned', 'closed'), { maxLength: 6 }),
    pods: fc.array(
      fc.tuple(fc.integer({ min: 0, max: 6 }), fc.constantFrom(...states), fc.constantFrom('old', 'new'), fc.boolean()),
      { maxLength: 10 },
    ),
    bounds: fc.oneof(
      fc.record({ maxSurge: fc.constant(0), maxUnavailable: fc.constantFrom<number | string>(1, 2, '40%', '100%') }),
      fc.record({ maxSurge: fc.constantFrom<number | string>(1, 2, '40%', '100%'), maxUnavailable: fc.constant(0) }),
    ),
  });
  const taintsOf: Record<string, Taint[]> = {
    free: [],
    cordoned: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
    closed: [{ key: 'k', effect: 'NoSchedule' }],
  };

  it('keeps its bounds, ends at what is wanted once kubelets do their part, and then does nothing', () => {
    fc.assert(
      fc.property(worlds, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (drawn, kubelets) => {
        const nodes = drawn.nodes.map((kind, i) => nodeOf(`n${i}`, taintsOf[kind]));
        const set = setOf(drawn.bounds);
        let pods = drawn.pods.map(([node, state, revision, bound]) => podOf(`n${node}`, state, revision, bound));
        const isReady = (pod: Stored<Pod>) =>
          pod.status?.conditions?.[0]?.status === 'True' && pod.metadata.deletionTimestamp === undefined;
        const wanted = nodes.filter((node) => placementRule(set)(node).shouldRun);
        const served = (all: Stored<Pod>[]) =>
          wanted.filter(({ metadata }) => all.some((pod) => isReady(pod) && targetNodeOf(pod) === metadata.name))
            .length;
        for (let round = 0; ; round += 1) {
          assert.ok(round < 200, 'it settles');
          const world = worldOf(set, nodes, pods);
          const views = viewNodes(world);
          const first = planNodes(views, world);
          const finished = [...first.failed, ...first.succeeded].map(({ pod }) => pod);
          const isIdle = first.create.length + first.delete.length + finished.length === 0;
          const update = isIdle ? planUpdates(views, world) : { create: [], delete: [] };
          const gone = new Set([...first.delete, ...finished, ...update.delete].map(({ metadata }) => metadata.uid));
          const created = [...first.create, ...update.create];
          assert.equal(new Set(created).size, created.length);
          const before = served(pods);
          const after = pods.filter(({ metadata }) => !gone.has(metadata.uid));
          if (drawn.bounds.maxSurge !== 0 && isIdle) assert.ok(served(after) === before, 'nobody is missed');
          else if (isIdle && served(after) < before) {
            const most = drawn.bounds.maxUnavailable;
            const limit =
              typeof most === 'number' ? most : Math.ceil((Number.parseInt(most, 10) * wanted.length) / 100);
            assert.ok(wanted.length - served(after) <= limit, 'no more are missed than may be');
          }
          const isSettled = gone.size === 0 && created.length === 0;
          const next = pods.flatMap((pod) => {
            if (gone.has(pod.metadata.uid)) return [{ ...pod, metadata: { ...pod.metadata, deletionTimestamp: 'x' } }];
            if (pod.metadata.deletionTimestamp !== undefined) return [];
            const isDone = round > 30 || kubelets[(round * 7 + Number(pod.metadata.name.slice(6))) % 40];
            if (!isDone || pod.status?.phase !== 'Running' || isReady(pod)) return [pod];
            return [{ ...pod, status: { ...pod.status, conditions: [{ type: 'Ready', status: 'True' }] } }];
          });
          const quiet = next.length === pods.length && next.every((pod, i) => pod === pods[i]);
          pods = [...next, ...created.map((node) => podOf(node, 'waiting', 'new', false))];
          if (isSettled && quiet && round > 30) break;
        }
        const known = new Set(nodes.map(({ metadata }) => metadata.name));
        const there = pods.filter((pod) => known.has(targetNodeOf(pod) ?? ''));
        for (const { metadata } of wanted) {
          const own = there.filter((pod) => targetNodeOf(pod) === metadata.name);
          assert.deepEqual(describePods(own), ['new']);
        }
      }),
      { numRuns: 300 },
    );
  });
});
