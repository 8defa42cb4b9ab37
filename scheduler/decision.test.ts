import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Node, Pod } from '../api/types/core/v1.ts';
import type { Cached, ObjectCache } from '../client/object-cache.ts';
import { type DecisionContext, decide } from './decision.ts';
import { createDefaultPlugins } from './default-plugins.ts';
import { describeUnschedulable } from './diagnosis.ts';
import type { FilterPlugin } from './framework.ts';
import { Nominations } from './nominations.ts';
import { computePreemption } from './plugins/preemption.ts';
import { createPodInfo, type PodInfo } from './pod-info.ts';
import { Snapshot } from './snapshot.ts';
import { TemplateMemory } from './template-results.ts';

type Spec = Partial<NonNullable<Pod['spec']>>;

const empty: ObjectCache<never> = { get: () => undefined, list: () => [], byIndex: () => [], size: 0 };
const listers = {
  services: empty,
  replicationControllers: empty,
  replicaSets: empty,
  statefulSets: empty,
  namespaces: empty,
};

function nodeOf(name: string, cpu = '4', more: Partial<Node> = {}): Cached<Node> {
  const allocatable = { cpu, memory: '8Gi', pods: '110' };
  const labels = { 'kubernetes.io/hostname': name, ...more.metadata?.labels };
  const metadata = { name, uid: name, resourceVersion: '1', creationTimestamp: '', labels };
  return { ...more, metadata, status: { allocatable } } as unknown as Cached<Node>;
}

function podOf(name: string, cpu: string, spec: Spec = {}, more: Partial<Pod> = {}): PodInfo {
  const metadata = {
    name,
    namespace: 'default',
    uid: name,
    resourceVersion: '1',
    creationTimestamp: '',
    ...more.metadata,
  };
  const containers = [{ name: 'main', image: 'app:1', resources: { requests: { cpu } } }];
  return createPodInfo({ ...more, metadata, spec: { containers, ...spec } } as unknown as Cached<Pod>);
}

describe('decide', () => {
  let snapshot: Snapshot;
  let context: DecisionContext;

  beforeEach(() => {
    snapshot = new Snapshot();
    context = {
      snapshot,
      plugins: createDefaultPlugins(listers),
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
    snapshot.setNode(nodeOf('n1', '2', { spec: { unschedulable: true } }));
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
    place(podOf('quiet', '1', { affinity }, { metadata: { name: 'quiet', labels } }), 'n1');
    const loud = podOf('loud', '1', {}, { metadata: { labels: { app: 'loud' } } });
    assert.match(placeOf(loud), /1 node\(s\) didn't satisfy existing pods anti-affinity rules/);
    snapshot.removePod('default/quiet');
    assert.equal(placeOf(loud), 'n1');
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
      place(podOf('a', '100m', {}, { metadata: { name: 'a', labels } }), 'n1');
      const pod = podOf('p', '100m', { priority: 10, affinity });
      assert.equal(preempt(pod), 'n1: a');
      assert.equal(preempt(pod), 'n1: a');
    });

    it('says of each node why it would not help', () => {
      snapshot.setNode(nodeOf('n1', '2', { spec: { unschedulable: true } }));
      snapshot.setNode(nodeOf('n2', '1'));
      assert.equal(preempt(podOf('p', '2')), '0/2 nodes are available: 2 Preemption is not helpful for scheduling.');
      assert.equal(
        preempt(podOf('p', '2', { preemptionPolicy: 'Never' })),
        'not eligible due to preemptionPolicy=Never.',
      );
    });
  });
});
