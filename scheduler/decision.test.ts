import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { type DecisionContext, decide } from './decision.ts';
import { createDefaultPlugins } from './default-plugins.ts';
import { describeUnschedulable } from './diagnosis.ts';
import type { FilterPlugin, Refusal, ScorePlugin } from './framework.ts';
import { Nominations } from './nominations.ts';
import { computePreemption } from './plugins/preemption.ts';
import type { PodInfo } from './pod-info.ts';
import { Snapshot } from './snapshot.ts';
import { TemplateMemory } from './template-results.ts';
import {
  listersOf,
  type NodePicture,
  nodeOf as nodePicture,
  type PodPicture,
  podOf as podPicture,
} from './testing/pictures.ts';

const nodeOf = (name: string, cpu = '4', picture: NodePicture = {}) =>
  nodePicture(name, { allocatable: { cpu }, ...picture });
const podOf = (name: string, cpu: string, picture: PodPicture = {}) =>
  podPicture(name, { requests: { cpu }, ...picture });

describe('decide', () => {
  let snapshot: Snapshot;
  let context: DecisionContext;

  beforeEach(() => {
    snapshot = new Snapshot();
    context = {
      snapshot,
      plugins: createDefaultPlugins(listersOf()),
      templates: new TemplateMemory(),
      nominations: new Nominations(),
      random: () => 0.99,
    };
  });

  function placeOf(pod: PodInfo): string {
    const decision = decide(pod, context);
    switch (decision.type) {
      case 'node':
        return decision.node.name;
      case 'unschedulable':
        if (decision.because === 'pod') return decision.refusal.reasons.join();
        return describeUnschedulable(snapshot.nodeCount, decision.refused.refusals.values());
    }
  }

  const place = (pod: PodInfo, nodeName: string) => snapshot.setPod(pod, nodeName);

  it('prefers the emptier node', () => {
    for (const name of ['n1', 'n2']) snapshot.setNode(nodeOf(name));
    place(podOf('a', '2'), 'n1');
    assert.equal(placeOf(podOf('b', '1')), 'n2');
  });

  it('remembers what was said of a template only until the node changes', () => {
    snapshot.setNode(nodeOf('n1', '2'));
    assert.equal(placeOf(podOf('a', '1500m')), 'n1');
    place(podOf('a', '1500m'), 'n1');
    assert.equal(placeOf(podOf('b', '1500m')), '0/1 nodes are available: 1 Insufficient cpu.');
    snapshot.removePod('default/a');
    assert.equal(placeOf(podOf('b', '1500m')), 'n1');
    snapshot.setNode(nodeOf('n1', '2', { unschedulable: true }));
    assert.equal(placeOf(podOf('b', '1500m')), '0/1 nodes are available: 1 node(s) were unschedulable.');
  });

  it('asks plugins of scope template once for each node, however many pods of the template come', () => {
    let asked = 0;
    const counting: FilterPlugin = {
      name: 'Counting',
      scope: 'template',
      eventsToRegister: [],
      prepareFilter: () => ({
        refuse() {
          asked++;
          return undefined;
        },
      }),
    };
    context = { ...context, plugins: { filters: [counting], scores: [] } };
    for (let i = 0; i < 100; i++) snapshot.setNode(nodeOf(`n${i}`));
    for (let i = 0; i < 50; i++) {
      const pod = podOf(`p${i}`, '1m');
      const decision = decide(pod, context);
      if (decision.type === 'node') snapshot.assume(pod, decision.node);
    }
    assert.equal(asked, 100 + 49, 'all nodes once, then only the node that the last pod went to');
  });

  it('puts a new node into the slot of one that went, without the old answers', () => {
    snapshot.setNode(nodeOf('n1', '1'));
    assert.match(placeOf(podOf('a', '2')), /Insufficient cpu/);
    snapshot.removeNode('n1');
    snapshot.setNode(nodeOf('n2', '4'));
    assert.equal(placeOf(podOf('a', '2')), 'n2');
  });

  it('keeps room for a pod that is nominated, unless the newcomer is more important', () => {
    snapshot.setNode(nodeOf('n1', '2'));
    context.nominations.set(podOf('waiting', '1500m', { priority: 5 }), 'n1');
    assert.match(placeOf(podOf('lesser', '1')), /Insufficient cpu/);
    assert.equal(placeOf(podOf('greater', '1', { priority: 9 })), 'n1');
  });

  it('counts pods that came before their node', () => {
    place(podOf('early', '2'), 'n1');
    snapshot.setNode(nodeOf('n1', '2'));
    assert.match(placeOf(podOf('a', '1')), /Insufficient cpu/);
  });

  it('forgets an assumed pod, but not one that was seen bound', () => {
    snapshot.setNode(nodeOf('n1', '2'));
    const node = snapshot.node('n1');
    assert.ok(node);
    const pod = podOf('a', '2');
    snapshot.assume(pod, node);
    assert.match(placeOf(podOf('b', '1')), /Insufficient cpu/);
    snapshot.forget(pod);
    assert.equal(placeOf(podOf('b', '1')), 'n1');
    snapshot.assume(pod, node);
    snapshot.setPod(pod, 'n1');
    snapshot.forget(pod);
    assert.match(placeOf(podOf('b', '1')), /Insufficient cpu/);
  });

  it('keeps away from pods that do not want this one near them', () => {
    const labels = { app: 'quiet' };
    const term = { labelSelector: { matchLabels: { app: 'loud' } }, topologyKey: 'kubernetes.io/hostname' };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    snapshot.setNode(nodeOf('n1'));
    place(podOf('quiet', '1', { affinity, labels }), 'n1');
    const loud = podOf('loud', '1', { labels: { app: 'loud' } });
    assert.match(placeOf(loud), /1 node\(s\) didn't satisfy existing pods anti-affinity rules/);
    snapshot.removePod('default/quiet');
    assert.equal(placeOf(loud), 'n1');
  });

  describe('asks filters', () => {
    const refusing = (
      name: string,
      refuses: readonly string[],
      scope: FilterPlugin['scope'] = 'template',
    ): FilterPlugin => {
      const refusal: Refusal = { plugin: name, reasons: [name], resolvable: true };
      return {
        name,
        scope,
        eventsToRegister: [],
        prepareFilter: () => ({ refuse: (node) => (refuses.includes(node.name) ? refusal : undefined) }),
      };
    };
    const use = (...filters: FilterPlugin[]) => {
      context = { ...context, plugins: { filters, scores: [] } };
    };

    it('in their order: the first that refuses a node speaks for it', () => {
      use(refusing('first', ['n1']), refusing('second', ['n1', 'n2']));
      for (const name of ['n1', 'n2']) snapshot.setNode(nodeOf(name));
      assert.equal(placeOf(podOf('a', '1')), '0/2 nodes are available: 1 first, 1 second.');
    });

    it('of scope template first, as they are remembered', () => {
      use(refusing('cluster', ['n1'], 'cluster'), refusing('template', ['n1']));
      snapshot.setNode(nodeOf('n1'));
      assert.equal(placeOf(podOf('a', '1')), '0/1 nodes are available: 1 template.');
    });

    describe('only about the nodes that all candidates have in common, whatever the scope', () => {
      const naming = (name: string, candidates: readonly string[], scope: FilterPlugin['scope']): FilterPlugin => ({
        name,
        scope,
        eventsToRegister: [],
        prepareFilter: () => ({ candidates: new Set(candidates), refuse: () => undefined }),
      });
      const other = (plugin: string) => `node(s) didn't satisfy plugin(s) [${plugin}]`;
      const refusalsOf = (pod: PodInfo) => {
        const decision = decide(pod, context);
        assert.ok(decision.type === 'unschedulable' && decision.because === 'nodes');
        return Object.fromEntries(
          [...decision.refused.refusals].map(([node, { plugin, reasons, resolvable }]) => [
            node.name,
            { plugin, reasons, resolvable },
          ]),
        );
      };
      const refused = (plugin: string) => ({ plugin, reasons: [other(plugin)], resolvable: false });
      beforeEach(() => {
        for (const name of ['n1', 'n2', 'n3']) snapshot.setNode(nodeOf(name));
      });

      const scopes = ['template', 'cluster'] as const;
      for (const first of scopes) {
        it(`one plugin of scope ${first}`, () => {
          use(naming('A', ['n2'], first));
          assert.equal(placeOf(podOf('a', '1')), 'n2');
          use(naming('A', ['gone'], first));
          assert.deepEqual(refusalsOf(podOf('b', '2')), { n1: refused('A'), n2: refused('A'), n3: refused('A') });
        });
        for (const second of scopes) {
          it(`two plugins of scopes ${first} and ${second}`, () => {
            use(naming('A', ['n1', 'n2'], first), naming('B', ['n2', 'n3'], second));
            assert.equal(placeOf(podOf('a', '1')), 'n2');
            use(naming('A', ['n1'], first), naming('B', ['n1', 'n2'], second), refusing('C', ['n1']));
            assert.deepEqual(refusalsOf(podOf('b', '2')), {
              n1: { plugin: 'C', reasons: ['C'], resolvable: true },
              n2: refused('A'),
              n3: refused(first === 'cluster' && second === 'template' ? 'B' : 'A'),
            });
          });
        }
      }
    });

    it('no further when one says that the pod can run nowhere', () => {
      const never: Refusal = { plugin: 'Never', reasons: ['the pod is impossible'], resolvable: false };
      use(
        { name: 'Never', scope: 'cluster', eventsToRegister: [], prepareFilter: () => never },
        refusing('other', ['n1']),
      );
      snapshot.setNode(nodeOf('n1'));
      assert.equal(placeOf(podOf('a', '1')), 'the pod is impossible');
    });
  });

  describe('looks at a sample of a large cluster', () => {
    /** How many nodes are asked when each of them fits. */
    function askedOf(nodeCount: number): number {
      let asked = 0;
      const counting: FilterPlugin = {
        name: 'Counting',
        scope: 'cluster',
        eventsToRegister: [],
        prepareFilter: () => ({
          refuse() {
            asked++;
            return undefined;
          },
        }),
      };
      const large = new Snapshot();
      for (let i = 0; i < nodeCount; i++) large.setNode(nodeOf(`n${i}`));
      decide(podOf('p', '1'), { ...context, snapshot: large, plugins: { filters: [counting], scores: [] } });
      return asked;
    }
    // Half of them less one percent for each 125 nodes, at least 5 percent and 100 nodes.
    const cases: readonly (readonly [nodes: number, asked: number])[] = [
      [1, 1],
      [99, 99],
      [150, 100],
      [1000, 420],
      [2500, 750],
    ];
    for (const [nodeCount, asked] of cases)
      it(`${asked} that fit are enough of ${nodeCount}`, () => assert.equal(askedOf(nodeCount), asked));
  });

  describe('chooses', () => {
    const scoring = (
      weight: number,
      scores: Record<string, number>,
      scope: ScorePlugin['scope'] = 'template',
    ): ScorePlugin => ({
      name: `Scoring ${weight}`,
      scope,
      weight,
      prepareScore: () => ({ score: ({ name }) => scores[name] ?? 0 }),
    });
    const use = (...scores: ScorePlugin[]) => {
      context = { ...context, plugins: { filters: [], scores } };
      for (const name of ['n1', 'n2', 'n3']) snapshot.setNode(nodeOf(name));
    };

    it('the node with the highest sum of weighted scores', () => {
      use(scoring(1, { n1: 100, n2: 40 }), scoring(3, { n1: 10, n2: 40 }, 'cluster'));
      assert.equal(placeOf(podOf('a', '1')), 'n2');
    });

    it('by chance among equals', () => {
      use(scoring(1, { n1: 50, n2: 50, n3: 50 }));
      const chosen = [0.99, 0].map((random) => {
        context = { ...context, random: () => random };
        return placeOf(podOf('a', '1'));
      });
      assert.notEqual(chosen[0], chosen[1]);
    });
  });

  describe('a nominated pod', () => {
    const nominated = (cpu: string) => podOf('p', cpu, { status: { nominatedNodeName: 'n2' } });
    beforeEach(() => {
      for (const name of ['n1', 'n2']) snapshot.setNode(nodeOf(name, '2'));
      place(podOf('there', '1'), 'n2');
    });

    it('goes to its node, even if others are emptier', () => assert.equal(placeOf(nominated('1')), 'n2'));

    it('is known before its status shows it', () => {
      const pod = podOf('p', '1');
      context.nominations.set(pod, 'n2');
      assert.equal(placeOf(pod), 'n2');
    });

    it('goes elsewhere when it does not fit there', () => assert.equal(placeOf(nominated('2')), 'n1'));

    it('is nominated for a node that is gone: goes anywhere', () => {
      snapshot.removeNode('n2');
      assert.equal(placeOf(nominated('1')), 'n1');
    });
  });

  it('says that there are no nodes', () => {
    assert.equal(placeOf(podOf('a', '1')), 'no nodes available to schedule pods');
  });

  it('passes over nodes that no term of the pod names, in words of its own', () => {
    for (const name of ['n1', 'n2']) snapshot.setNode(nodeOf(name, '1'));
    const nodeSelectorTerms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n2'] }] }];
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
    assert.equal(placeOf(podOf('a', '1', { affinity })), 'n2');
    assert.equal(
      placeOf(podOf('b', '2', { affinity })),
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity].",
    );
  });

  describe('and preemption', () => {
    const preempt = (pod: PodInfo) => {
      const decision = decide(pod, context);
      if (decision.type !== 'unschedulable' || decision.because !== 'nodes') return decision.type;
      const preemption = computePreemption(pod, decision.refused, { snapshot, budgets: [], now: 0 });
      if (preemption.type === 'none') return preemption.message;
      return `${preemption.node.name}: ${preemption.victims.map(({ pod: { metadata } }) => metadata.name).join()}`;
    };

    it('takes as few and as unimportant pods as make room', () => {
      for (const name of ['n1', 'n2']) snapshot.setNode(nodeOf(name, '2'));
      place(podOf('a', '1', { priority: 1 }), 'n1');
      place(podOf('b', '1', { priority: 5 }), 'n1');
      place(podOf('c', '2', { priority: 5 }), 'n2');
      assert.equal(preempt(podOf('p', '1', { priority: 10 })), 'n1: a');
      assert.equal(
        preempt(podOf('p', '1', { priority: 1 })),
        '0/2 nodes are available: 2 No preemption victims found for incoming pod.',
      );
    });

    it('changes nothing: the same question gets the same answer', () => {
      snapshot.setNode(nodeOf('n1', '2'));
      const labels = { app: 'web' };
      const term = { labelSelector: { matchLabels: labels }, topologyKey: 'kubernetes.io/hostname' };
      const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
      place(podOf('a', '100m', { labels }), 'n1');
      const pod = podOf('p', '100m', { priority: 10, affinity });
      assert.equal(preempt(pod), 'n1: a');
      assert.equal(preempt(pod), 'n1: a');
    });

    it('says of each node why it would not help', () => {
      snapshot.setNode(nodeOf('n1', '2', { unschedulable: true }));
      snapshot.setNode(nodeOf('n2', '1'));
      assert.equal(preempt(podOf('p', '2')), '0/2 nodes are available: 2 Preemption is not helpful for scheduling.');
      assert.equal(
        preempt(podOf('p', '2', { preemptionPolicy: 'Never' })),
        'not eligible due to preemptionPolicy=Never.',
      );
    });
  });
});
