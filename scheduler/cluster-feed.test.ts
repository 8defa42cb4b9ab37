import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { KubernetesObject } from '../api/object.ts';
import type { Node, Pod } from '../api/types/core/v1.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { IndexedCache } from '../client/indexed-cache.ts';
import type { Cached, ObjectChange } from '../client/object-cache.ts';
import { ClusterFeed } from './cluster-feed.ts';
import type { ClusterEvent } from './framework.ts';
import { Nominations } from './nominations.ts';
import { SchedulingQueue } from './queue.ts';
import { Snapshot } from './snapshot.ts';
import { type NodePicture, nodeOf, type PodPicture, podObject } from './testing/pictures.ts';

/** Announces changes as an informer does, without a server to watch. */
class Announcer<T extends KubernetesObject> {
  readonly #cache = new IndexedCache<T>();
  readonly #listeners: ((change: ObjectChange<T>) => void)[] = [];
  #version = 1;

  onChange(listener: (change: ObjectChange<T>) => void): void {
    this.#listeners.push(listener);
  }

  set(object: Cached<T>): void {
    this.#version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    this.#announce(this.#cache.set({ ...object, metadata }));
  }

  delete(key: string): void {
    this.#announce(this.#cache.delete(key));
  }

  #announce(changes: readonly ObjectChange<T>[]): void {
    for (const change of changes) for (const listener of this.#listeners) listener(change);
  }
}

/** Notes which events the feed announces; all else is the queue itself. */
class WatchedQueue extends SchedulingQueue {
  readonly events: ClusterEvent[] = [];

  override moveToActiveOrBackoff(event: ClusterEvent): void {
    this.events.push(event);
    super.moveToActiveOrBackoff(event);
  }

  takeEvents(): ClusterEvent[] {
    return this.events.splice(0);
  }
}

describe('ClusterFeed', () => {
  let queue: WatchedQueue;
  let snapshot: Snapshot;
  let nominations: Nominations;
  let pods: Announcer<Pod>;
  let nodes: Announcer<Node>;

  beforeEach(() => {
    queue = new WatchedQueue({ clock: new FakeClock() });
    snapshot = new Snapshot();
    nominations = new Nominations();
    pods = new Announcer();
    nodes = new Announcer();
    const schedulerNames = new Set(['default-scheduler', 'mine']);
    new ClusterFeed({ snapshot, queue, nominations, schedulerNames }).follow(pods, nodes);
  });

  const setPod = (name: string, picture: PodPicture = {}) => pods.set(podObject(name, picture));
  const setNode = (name: string, picture: NodePicture = {}) => nodes.set(nodeOf(name, picture));
  const waits = (name: string) => queue.has(`default/${name}`);
  const nodeOfPod = (name: string) => snapshot.placed(`default/${name}`)?.nodeName;

  it('keeps what is remembered of a node when only the status of a pod on it changes', () => {
    setNode('a');
    const generation = () => snapshot.node('a')?.generation;
    const read = () => snapshot.placed('default/p')?.pod.pod.status?.phase;
    setPod('p', { nodeName: 'a', requests: { cpu: '1' } });
    const before = generation();
    setPod('p', { nodeName: 'a', requests: { cpu: '1' }, status: { phase: 'Running' } });
    assert.equal(generation(), before);
    assert.equal(read(), 'Running');
    assert.equal(snapshot.node('a')?.pods.get('default/p')?.pod.status?.phase, 'Running');
    const startTime = '2030-01-01T00:00:00Z';
    setPod('p', { nodeName: 'a', requests: { cpu: '1' }, status: { phase: 'Running', startTime } });
    assert.notEqual(generation(), before);
    setPod('p', { nodeName: 'a', requests: { cpu: '2' }, status: { startTime } });
    assert.equal(snapshot.node('a')?.requested.get('cpu'), 2000);
  });

  describe('queues', () => {
    const cases: readonly (readonly [title: string, pod: PodPicture, queued: boolean])[] = [
      ['a pod without a node', {}, true],
      ['a pod of one of its profiles', { schedulerName: 'mine' }, true],
      ['no pod of another scheduler', { schedulerName: 'theirs' }, false],
      ['no pod with a scheduling gate', { schedulingGates: [{ name: 'example.com/wait' }] }, false],
      ['no pod that is being deleted', { metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' } }, false],
      ['no pod that has ended', { status: { phase: 'Failed' } }, false],
      ['no pod that has its node', { nodeName: 'n1' }, false],
    ];
    for (const [title, pod, queued] of cases)
      it(title, () => {
        setPod('p', pod);
        assert.equal(waits('p'), queued);
      });

    it('a pod once its last gate is gone', () => {
      setPod('p', { schedulingGates: [{ name: 'a' }, { name: 'b' }] });
      setPod('p', { schedulingGates: [{ name: 'b' }] });
      assert.equal(waits('p'), false);
      setPod('p', {});
      assert.equal(waits('p'), true);
    });
  });

  it('places a pod that is bound, and takes it out of the queue', () => {
    setPod('p');
    setPod('p', { nodeName: 'n1' });
    assert.equal(waits('p'), false);
    assert.equal(nodeOfPod('p'), 'n1');
    assert.deepEqual(queue.takeEvents(), ['pod placed']);
  });

  describe('a pod on a node', () => {
    beforeEach(() => {
      setPod('p', { nodeName: 'n1', labels: { app: 'web' }, requests: { cpu: '1' } });
      queue.takeEvents();
    });
    const cases: readonly (readonly [title: string, change: () => void, events: ClusterEvent[], there: boolean])[] = [
      ['that is deleted', () => pods.delete('default/p'), ['pod removed'], false],
      ['that ends', () => setPod('p', { nodeName: 'n1', status: { phase: 'Succeeded' } }), ['pod removed'], false],
      [
        'that gets other labels',
        () => setPod('p', { nodeName: 'n1', labels: { app: 'db' }, requests: { cpu: '1' } }),
        ['pod labels'],
        true,
      ],
      [
        'that begins to end: it counts for spreading no more',
        () =>
          setPod('p', {
            nodeName: 'n1',
            labels: { app: 'web' },
            requests: { cpu: '1' },
            metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' },
          }),
        ['pod removed'],
        true,
      ],
      [
        'that is resized',
        () => setPod('p', { nodeName: 'n1', labels: { app: 'web' }, requests: { cpu: '500m' } }),
        ['pod removed'],
        true,
      ],
      [
        'that only tells its state: nobody is helped',
        () =>
          setPod('p', {
            nodeName: 'n1',
            labels: { app: 'web' },
            requests: { cpu: '1' },
            status: { phase: 'Running' },
          }),
        [],
        true,
      ],
    ];
    for (const [title, change, events, there] of cases)
      it(title, () => {
        change();
        assert.deepEqual(queue.takeEvents(), events);
        assert.equal(nodeOfPod('p') !== undefined, there);
      });
  });

  describe('a node', () => {
    const tainted = { taints: [{ key: 'k', effect: 'NoSchedule' }] };
    const cases: readonly (readonly [
      title: string,
      before: NodePicture,
      after: NodePicture,
      events: ClusterEvent[],
    ])[] = [
      ['with another label', {}, { labels: { disk: 'ssd' } }, ['node labels']],
      ['with more to give', {}, { allocatable: { cpu: '8' } }, ['node resources']],
      ['without its taint', tainted, {}, ['node taints']],
      ['that is uncordoned', { unschedulable: true }, {}, ['node taints']],
      [
        'that changes in every way',
        tainted,
        { labels: { disk: 'ssd' }, allocatable: { cpu: '8' } },
        ['node labels', 'node resources', 'node taints'],
      ],
      ['that sends a heartbeat', {}, {}, []],
      ['with other images', {}, { images: { 'app:1': 1 } }, []],
    ];
    for (const [title, before, after, events] of cases)
      it(title, () => {
        setNode('n1', before);
        assert.deepEqual(queue.takeEvents(), ['node added']);
        setNode('n1', after);
        assert.deepEqual(queue.takeEvents(), events);
      });

    it('that goes: spreading is judged over those that are left', () => {
      setNode('n1');
      queue.takeEvents();
      nodes.delete('n1');
      assert.deepEqual(queue.takeEvents(), ['node labels']);
      assert.equal(snapshot.nodeCount, 0);
    });
  });

  describe('nominations', () => {
    const waiting = (nominatedNodeName?: string): PodPicture => ({
      status: nominatedNodeName === undefined ? {} : { nominatedNodeName },
    });
    const nominated = () => nominations.nodeOf('default/p');

    it('are read from the pod, and taken back with it', () => {
      setPod('p', waiting('n1'));
      assert.equal(nominated(), 'n1');
      setPod('p', waiting('n2'));
      assert.equal(nominated(), 'n2');
      setPod('p', waiting());
      assert.equal(nominated(), undefined);
    });

    it('that are not written yet stay', () => {
      setPod('p', waiting());
      const pod = queue.pop();
      assert.ok(pod);
      nominations.set(pod, 'n1');
      setPod('p', { ...waiting(), labels: { a: 'b' } });
      assert.equal(nominated(), 'n1');
    });

    it('end when the pod is bound, or goes: others may have the room', () => {
      setPod('p', waiting('n1'));
      setPod('p', { nodeName: 'n1' });
      assert.equal(nominated(), undefined);
      setPod('q', { status: { nominatedNodeName: 'n1' } });
      queue.takeEvents();
      pods.delete('default/q');
      assert.deepEqual(queue.takeEvents(), ['pod removed']);
    });
  });

  it('wakes an unschedulable pod when it is itself changed, but not by a change of its status', () => {
    setPod('p');
    const pod = queue.pop();
    assert.ok(pod);
    queue.markUnschedulable(pod, new Set());
    setPod('p', { status: { conditions: [{ type: 'PodScheduled', status: 'False' }] } });
    assert.equal(queue.count('unschedulable'), 1);
    setPod('p', { tolerations: [{ operator: 'Exists' }] });
    assert.equal(queue.count('unschedulable'), 0);
  });
});
