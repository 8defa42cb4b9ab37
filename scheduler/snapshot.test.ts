import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { PodQuestion } from './pod-counts.ts';
import type { Snapshot } from './snapshot.ts';
import { nodeOf, podOf, snapshotOf } from './testing/pictures.ts';

const zone = 'topology.kubernetes.io/zone';

describe('Snapshot', () => {
  let snapshot: Snapshot;
  const requestedCpu = (name: string) => snapshot.node(name)?.requested.get('cpu') ?? 0;
  const names = (name: string) => [...(snapshot.node(name)?.pods.keys() ?? [])];

  beforeEach(() => {
    snapshot = snapshotOf([nodeOf('n1', { labels: { [zone]: 'east' } }), nodeOf('n2', { labels: { [zone]: 'west' } })]);
  });

  it('adds up what the pods on a node request', () => {
    snapshot.setPod(podOf('a', { requests: { cpu: '1' } }), 'n1');
    snapshot.setPod(podOf('b', { requests: { cpu: '500m' } }), 'n1');
    assert.equal(requestedCpu('n1'), 1500);
    snapshot.removePod('default/a');
    assert.equal(requestedCpu('n1'), 500);
    assert.equal(requestedCpu('n2'), 0);
  });

  it('counts a pod once, in its newest version and where it is now', () => {
    snapshot.setPod(podOf('a', { requests: { cpu: '1' } }), 'n1');
    snapshot.setPod(podOf('a', { requests: { cpu: '2' } }), 'n1');
    assert.equal(requestedCpu('n1'), 2000);
    snapshot.setPod(podOf('a', { requests: { cpu: '2' } }), 'n2');
    assert.deepEqual([requestedCpu('n1'), requestedCpu('n2')], [0, 2000]);
  });

  it('keeps pods of a node that is not known until it comes, and again when it went', () => {
    snapshot.setPod(podOf('early', { requests: { cpu: '1' } }), 'n3');
    snapshot.setNode(nodeOf('n3'));
    assert.equal(requestedCpu('n3'), 1000);
    snapshot.removeNode('n3');
    snapshot.setNode(nodeOf('n3'));
    assert.deepEqual(names('n3'), ['default/early']);
    snapshot.removeNode('n3');
    snapshot.removePod('default/early');
    snapshot.setNode(nodeOf('n3'));
    assert.deepEqual(names('n3'), []);
  });

  describe('a pod that is assumed', () => {
    const pod = podOf('a', { requests: { cpu: '1' } });
    const assume = () => {
      const node = snapshot.node('n1');
      assert.ok(node);
      snapshot.assume(pod, node);
    };

    it('takes its room at once', () => {
      assume();
      assert.equal(requestedCpu('n1'), 1000);
      assert.equal(snapshot.placed('default/a')?.assumed, true);
    });

    it('gives it back when it is forgotten', () => {
      assume();
      snapshot.forget(pod);
      assert.equal(requestedCpu('n1'), 0);
      assert.equal(snapshot.placed('default/a'), undefined);
    });

    it('is confirmed by the informer, and then not forgotten', () => {
      assume();
      snapshot.setPod(pod, 'n1');
      assert.equal(snapshot.placed('default/a')?.assumed, false);
      snapshot.forget(pod);
      assert.equal(requestedCpu('n1'), 1000);
    });

    it('is where the informer shows it, should that be elsewhere', () => {
      assume();
      snapshot.setPod(pod, 'n2');
      assert.deepEqual([requestedCpu('n1'), requestedCpu('n2')], [0, 1000]);
    });

    it('is not forgotten for another one of its name', () => {
      assume();
      snapshot.forget({ ...pod, uid: 'older' });
      assert.equal(requestedCpu('n1'), 1000);
    });
  });

  it('changes the generation of a node with all that decisions depend on, and with nothing else', () => {
    const generation = () => snapshot.node('n1')?.generation;
    const steps: readonly (readonly [title: string, changes: boolean, change: () => void])[] = [
      ['a pod comes', true, () => snapshot.setPod(podOf('a'), 'n1')],
      ['a pod goes', true, () => snapshot.removePod('default/a')],
      ['another label', true, () => snapshot.setNode(nodeOf('n1', { labels: { a: 'b' } }))],
      ['the same again', false, () => snapshot.setNode(nodeOf('n1', { labels: { a: 'b' } }))],
      ['a heartbeat', false, () => snapshot.setNode({ ...nodeOf('n1', { labels: { a: 'b' } }), apiVersion: 'v1' })],
      ['a taint', true, () => snapshot.setNode(nodeOf('n1', { taints: [{ key: 'k', effect: 'NoSchedule' }] }))],
      ['cordoned', true, () => snapshot.setNode(nodeOf('n1', { unschedulable: true }))],
      ['more CPU', true, () => snapshot.setNode(nodeOf('n1', { allocatable: { cpu: '8' } }))],
      ['a pod on another node', false, () => snapshot.setPod(podOf('b'), 'n2')],
    ];
    for (const [title, changes, change] of steps) {
      const before = generation();
      change();
      assert.equal(generation() !== before, changes, title);
    }
  });

  it('gives the slot of a node that went to the next that comes', () => {
    const slot = snapshot.node('n1')?.slot;
    snapshot.removeNode('n1');
    snapshot.setNode(nodeOf('n3'));
    assert.equal(snapshot.node('n3')?.slot, slot);
    assert.equal(snapshot.slots, 2);
  });

  it('knows the values of a label, as nodes come, change and go', () => {
    const zones = () => [...snapshot.topology(zone).values].sort();
    assert.deepEqual(zones(), ['east', 'west']);
    snapshot.setNode(nodeOf('n3', { labels: { [zone]: 'north' } }));
    assert.deepEqual(zones(), ['east', 'north', 'west']);
    snapshot.setNode(nodeOf('n3'));
    snapshot.removeNode('n2');
    assert.deepEqual(zones(), ['east']);
  });

  describe('counts pods by a question', () => {
    const webs: PodQuestion = {
      key: 'web',
      namespace: 'default',
      matches: ({ labels }) => labels.app === 'web',
    };
    const web = (name: string, namespace = 'default') =>
      podOf(name, { labels: { app: 'web' }, metadata: { namespace } });
    const byZone = () => Object.fromEntries(snapshot.countPods(webs).sumsBy(zone));

    it('from those that are there, and then as they come and go', () => {
      snapshot.setPod(web('a'), 'n1');
      assert.deepEqual(byZone(), { east: 1 });
      snapshot.setPod(web('b'), 'n2');
      snapshot.setPod(web('c'), 'n2');
      snapshot.setPod(podOf('d'), 'n2');
      snapshot.setPod(web('e', 'other'), 'n2');
      assert.deepEqual(byZone(), { east: 1, west: 2 });
      snapshot.removePod('default/c');
      assert.equal(byZone().west, 1);
      const node = snapshot.node('n2');
      assert.ok(node);
      assert.equal(snapshot.countPods(webs).of(node), 1);
    });

    it('with nodes that move to another zone, or go', () => {
      snapshot.setPod(web('a'), 'n1');
      assert.deepEqual(byZone(), { east: 1 });
      snapshot.setNode(nodeOf('n1', { labels: { [zone]: 'west' } }));
      assert.deepEqual(byZone(), { west: 1 });
      snapshot.removeNode('n1');
      assert.equal(byZone().west ?? 0, 0);
    });

    it('asks anew when namespaces changed', () => {
      let answer = true;
      const changing: PodQuestion = { key: 'changing', matches: () => answer };
      snapshot.setPod(podOf('a'), 'n1');
      assert.equal([...snapshot.countPods(changing)].length, 1);
      answer = false;
      snapshot.namespacesChanged();
      assert.equal([...snapshot.countPods(changing)].length, 0);
    });
  });

  describe('walks over the nodes', () => {
    it('by each of them once', () => {
      for (const count of [1, 2, 3, 7, 60, 100]) {
        const many = snapshotOf(Array.from({ length: count }, (_, i) => nodeOf(`n${i}`)));
        const seen = new Set<string>();
        many.walk(({ name }) => {
          seen.add(name);
          return 'more';
        });
        assert.equal(seen.size, count);
      }
    });

    it('on from where the last walk had enough', () => {
      const many = snapshotOf(Array.from({ length: 10 }, (_, i) => nodeOf(`n${i}`)));
      const seen = new Set<string>();
      for (let walk = 0; walk < 5; walk++) {
        let left = 2;
        many.walk(({ name }) => {
          seen.add(name);
          left--;
          return left > 0 ? 'more' : 'enough';
        });
      }
      assert.equal(seen.size, 10);
    });
  });
});
