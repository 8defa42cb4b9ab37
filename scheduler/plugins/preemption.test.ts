import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podDisruptionBudgets } from '../../api/resources/policy.ts';
import type { NodeSpec } from '../../api/types/core/v1.ts';
import type { LabelSelector } from '../../api/types/meta/v1.ts';
import type { PodDisruptionBudgetStatus } from '../../api/types/policy/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { decide } from '../decision.ts';
import { createDefaultPlugins } from '../default-plugins.ts';
import { Nominations } from '../nominations.ts';
import { TemplateMemory } from '../template-results.ts';
import { listersOf, nodeOf, type PodPicture, podOf, snapshotOf } from '../testing/pictures.ts';
import { computePreemption } from './preemption.ts';

const now = Date.UTC(2030, 0, 1, 12);
const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();

/** A pod with so much CPU, of a priority, that runs for some minutes. */
const running = (priority: number, cpu: string, minutes = 10): PodPicture => ({
  priority,
  requests: { cpu },
  status: { phase: 'Running', startTime: ago(minutes) },
});

function budget(name: string, selector: LabelSelector | undefined, status: Partial<PodDisruptionBudgetStatus>) {
  return storedObject(podDisruptionBudgets, {
    metadata: { name },
    spec: { ...(selector && { selector }) },
    status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0, ...status },
  });
}

interface Situation {
  /** Each node has 4 CPUs. */
  readonly nodes: Readonly<Record<string, Readonly<Record<string, PodPicture>>>>;
  readonly specs?: Readonly<Record<string, NodeSpec>>;
  readonly budgets?: readonly ReturnType<typeof budget>[];
  readonly nominated?: readonly [node: string, name: string, picture: PodPicture];
}

/** `node: victims, the most important first`, or why not. */
function preempt(pod: PodPicture, { nodes, specs = {}, budgets = [], nominated }: Situation): string {
  const all = Object.keys(nodes).map((name) => nodeOf(name, specs[name]));
  const placed = Object.entries(nodes).map(
    ([node, pods]) => [node, Object.entries(pods).map(([name, picture]) => podOf(name, picture))] as const,
  );
  const snapshot = snapshotOf(all, Object.fromEntries(placed));
  const nominations = new Nominations();
  if (nominated) nominations.set(podOf(nominated[1], nominated[2]), nominated[0]);
  const incoming = podOf('incoming', pod);
  const decision = decide(incoming, {
    snapshot,
    nominations,
    plugins: createDefaultPlugins(listersOf()),
    templates: new TemplateMemory(),
    random: () => 0.99,
  });
  if (decision.type !== 'unschedulable' || decision.because !== 'nodes') return decision.type;
  const result = computePreemption(incoming, decision.refused, { snapshot, budgets, now });
  if (result.type === 'none') return result.message;
  return `${result.node.name}: ${result.victims.map((victim) => victim.pod.metadata.name).join(', ')}`;
}

const important = (cpu: string, more: PodPicture = {}): PodPicture => ({ priority: 100, requests: { cpu }, ...more });

describe('which pods go for a more important one', () => {
  const cases: readonly (readonly [title: string, pod: PodPicture, situation: Situation, result: string])[] = [
    ['the only one in the way', important('4'), { nodes: { n: { a: running(1, '2') } } }, 'n: a'],
    ['no more than needed', important('2'), { nodes: { n: { a: running(1, '2'), b: running(1, '2', 5) } } }, 'n: b'],
    [
      'the least important',
      important('1'),
      { nodes: { n: { low: running(1, '2'), high: running(9, '2') } } },
      'n: low',
    ],
    [
      'of one priority those that started last',
      important('1'),
      { nodes: { n: { old: running(1, '2', 60), young: running(1, '2', 5) } } },
      'n: young',
    ],
    [
      'pods that have not started yet are the youngest',
      important('1'),
      { nodes: { n: { started: running(1, '2', 1), waiting: { priority: 1, requests: { cpu: '2' } } } } },
      'n: waiting',
    ],
    [
      'the most important first',
      important('4'),
      { nodes: { n: { low: running(1, '2'), high: running(9, '2') } } },
      'n: high, low',
    ],
    [
      'large ones where small ones would not do',
      important('3'),
      { nodes: { n: { small: running(1, '1'), large: running(2, '3') } } },
      'n: large',
    ],
    [
      'never one of the same priority',
      important('1'),
      { nodes: { n: { equal: running(100, '4') } } },
      '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    ],
    [
      'nor when all lesser ones together are not enough',
      important('4'),
      { nodes: { n: { equal: running(100, '1'), low: running(1, '3') } } },
      '0/1 nodes are available: 1 Insufficient cpu.',
    ],
    [
      'nor on nodes where it would not help',
      important('5'),
      { nodes: { n: { a: running(1, '4') }, m: {} }, specs: { m: { unschedulable: true } } },
      '0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    ],
    [
      'each node for its own reason',
      important('4'),
      { nodes: { a: { x: running(1, '1') }, b: { y: running(100, '1') } }, specs: { a: { unschedulable: true } } },
      '0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    ],
    [
      'none where the pod says Never',
      important('4', { preemptionPolicy: 'Never' }),
      { nodes: { n: { a: running(1, '2') } } },
      'not eligible due to preemptionPolicy=Never.',
    ],
    [
      'who keeps the pod away by anti-affinity',
      important('1', {
        labels: { app: 'web' },
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: { matchLabels: { app: 'db' } }, topologyKey: 'kubernetes.io/hostname' },
            ],
          },
        },
      }),
      { nodes: { n: { db: { ...running(1, '1'), labels: { app: 'db' } }, other: running(1, '1') } } },
      'n: db',
    ],
    [
      'who has the port',
      important('1', { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] }),
      {
        nodes: {
          n: { holder: { priority: 1, containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] } },
        },
      },
      'n: holder',
    ],
    [
      'room that is promised to an equal is not taken',
      important('2'),
      {
        nodes: { n: { low: running(1, '2') } },
        nominated: ['n', 'promised', { priority: 100, requests: { cpu: '2' } }],
      },
      'n: low',
    ],
  ];
  for (const [title, pod, situation, result] of cases) it(title, () => assert.equal(preempt(pod, situation), result));
});

describe('from which node', () => {
  const cases: readonly (readonly [title: string, situation: Situation, result: string])[] = [
    [
      'that whose most important victim is the least',
      { nodes: { a: { x: running(5, '4') }, b: { y: running(1, '2'), z: running(1, '2') } } },
      'b: y, z',
    ],
    [
      'then that with the smallest sum of priorities',
      {
        nodes: {
          a: { p: running(5, '2'), q: running(4, '2') },
          b: { r: running(5, '2'), s: running(1, '2') },
        },
      },
      'b: r, s',
    ],
    [
      'one more victim counts, even with negative priorities',
      {
        nodes: {
          a: { p: running(-5, '2'), q: running(-5, '2') },
          b: { r: running(-5, '4') },
        },
      },
      'b: r',
    ],
    [
      'then that whose victims started last',
      { nodes: { a: { old: running(1, '4', 60) }, b: { young: running(1, '4', 5) } } },
      'b: young',
    ],
    [
      'of several the earliest start of the most important counts',
      {
        nodes: {
          a: { p: running(5, '2', 60), q: running(5, '2', 1) },
          b: { r: running(5, '2', 30), s: running(5, '2', 30) },
        },
      },
      'b: r, s',
    ],
  ];
  for (const [title, situation, result] of cases)
    it(title, () => assert.equal(preempt(important('4'), situation), result));
});

describe('disruption budgets', () => {
  const selector = { matchLabels: { app: 'web' } };
  const web = (priority: number, cpu: string, minutes = 10): PodPicture => ({
    ...running(priority, cpu, minutes),
    labels: { app: 'web' },
  });

  it('choose the node where fewest are broken, before priorities', () => {
    const nodes = { a: { guarded: web(1, '4') }, b: { free: running(50, '4') } };
    assert.equal(preempt(important('4'), { nodes, budgets: [budget('x', selector, {})] }), 'b: free');
    assert.equal(preempt(important('4'), { nodes, budgets: [] }), 'a: guarded');
  });

  it('let go of as many as they allow', () => {
    const nodes = { a: { guarded: web(1, '4') }, b: { free: running(50, '4') } };
    assert.equal(
      preempt(important('4'), { nodes, budgets: [budget('x', selector, { disruptionsAllowed: 1 })] }),
      'a: guarded',
    );
  });

  it('spare the pods that they protect on a node, even younger ones', () => {
    const nodes = { n: { guarded: web(1, '2', 5), free: running(1, '2', 60) } };
    assert.equal(preempt(important('2'), { nodes, budgets: [budget('x', selector, {})] }), 'n: free');
  });

  it('are broken when nothing else makes room', () => {
    const nodes = { n: { guarded: web(1, '4') } };
    assert.equal(preempt(important('4'), { nodes, budgets: [budget('x', selector, {})] }), 'n: guarded');
  });

  it('protect nothing without a selector, with an empty one, or in another namespace', () => {
    const nodes = { a: { guarded: web(1, '4') }, b: { free: running(50, '4') } };
    const elsewhere = budget('x', selector, {});
    for (const useless of [
      budget('x', undefined, {}),
      budget('x', {}, {}),
      { ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'other' } },
    ])
      assert.equal(preempt(important('4'), { nodes, budgets: [useless] }), 'a: guarded');
  });

  it('do not count a pod twice that is being disrupted already', () => {
    const nodes = { a: { guarded: web(1, '4') }, b: { free: running(50, '4') } };
    const disrupted = budget('x', selector, { disruptedPods: { guarded: ago(1) } });
    assert.equal(preempt(important('4'), { nodes, budgets: [disrupted] }), 'a: guarded');
  });
});

describe('a pod for which room is being made', () => {
  const target = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' };
  const nominated = important('4', { status: { nominatedNodeName: 'n' } });
  const going = (priority: number, conditions: { type: string; status: string; reason: string }[]): PodPicture => ({
    ...running(priority, '4'),
    metadata: { deletionTimestamp: ago(0) },
    status: { conditions },
  });

  it('waits for the victims on its node', () => {
    const nodes = { n: { victim: going(1, [target]) } };
    assert.equal(preempt(nominated, { nodes }), 'not eligible due to a terminating pod on the nominated node.');
  });

  it('does not wait for pods that end for another reason', () => {
    assert.equal(preempt(nominated, { nodes: { n: { other: going(1, []) } } }), 'n: other');
  });

  it('looks again when its node cannot help any more', () => {
    const nodes = { n: { victim: going(1, [target]) }, m: { other: running(1, '4') } };
    assert.equal(preempt(nominated, { nodes, specs: { n: { unschedulable: true } } }), 'm: other');
  });
});
