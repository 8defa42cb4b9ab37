import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../api/types/core/v1.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import type { Cached } from '../client/object-cache.ts';
import type { ClusterEvent } from './framework.ts';
import { createPodInfo, type PodInfo } from './pod-info.ts';
import { SchedulingQueue } from './queue.ts';

function podOf(name: string, priority = 0, uid = name): PodInfo {
  const metadata = { name, namespace: 'default', uid, resourceVersion: '1', creationTimestamp: '' };
  return createPodInfo({ metadata, spec: { priority, containers: [] } } as unknown as Cached<Pod>);
}

const helped = (...changes: ClusterEvent[]): ReadonlySet<ClusterEvent> => new Set(changes);

describe('SchedulingQueue', () => {
  let clock: FakeClock;
  let queue: SchedulingQueue;
  let over: AbortController;
  let running: Promise<void>;

  const pop = () => queue.pop()?.pod.metadata.name;
  /** Lets time pass, in steps that the queue looks at. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) await clock.advance(100);
  };

  beforeEach(() => {
    clock = new FakeClock();
    queue = new SchedulingQueue({ clock });
    over = new AbortController();
    running = queue.run(over.signal);
  });
  afterEach(async () => {
    over.abort();
    await running;
  });

  it('gives the most important pod first, among equals the one that came first', () => {
    for (const pod of [podOf('a'), podOf('b', 5), podOf('c'), podOf('d', 5)]) queue.set(pod, false);
    assert.deepEqual([pop(), pop(), pop(), pop(), pop()], ['b', 'd', 'a', 'c', undefined]);
  });

  it('moves a waiting pod whose priority changes', () => {
    for (const pod of [podOf('a'), podOf('b'), podOf('b', 9)]) queue.set(pod, true);
    assert.deepEqual([pop(), pop(), pop()], ['b', 'a', undefined]);
  });

  it('forgets deleted pods, and takes one of the same name as new', () => {
    queue.set(podOf('a'), false);
    queue.delete('default/a');
    assert.equal(pop(), undefined);
    queue.set(podOf('a', 0, 'old'), false);
    queue.set(podOf('a', 0, 'new'), false);
    assert.equal(queue.pop()?.uid, 'new');
    assert.equal(pop(), undefined);
  });

  it('parks a pod until a change that may help, and lets it wait out its back-off', async () => {
    const pod = podOf('a');
    queue.set(pod, false);
    pop();
    queue.markUnschedulable(pod, helped('pod removed'));
    queue.moveToActiveOrBackoff('node taints');
    await pass(3_000);
    assert.equal(pop(), undefined);
    queue.moveToActiveOrBackoff('pod removed');
    assert.equal(pop(), 'a');
    queue.markUnschedulable(pod, helped('pod removed'));
    queue.moveToActiveOrBackoff('pod removed');
    assert.equal(pop(), undefined, 'it waits two seconds after its second failure');
    await pass(2_500);
    assert.equal(pop(), 'a');
  });

  it('doubles the wait from 1 s up to 10 s', async () => {
    const pod = podOf('a');
    queue.set(pod, false);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      assert.equal(pop(), 'a');
      queue.retry(pod);
      let waited = 0;
      while (queue.count('active') === 0) {
        await pass(100);
        waited += 100;
      }
      waits.push(Math.floor(waited / 1000));
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 10, 10]);
  });

  it('tries an unschedulable pod again after five minutes whatever happens', async () => {
    const pod = podOf('a');
    queue.set(pod, false);
    pop();
    queue.markUnschedulable(pod, helped());
    await pass(299_000);
    assert.equal(pop(), undefined);
    await pass(3_000);
    assert.equal(pop(), 'a');
  });

  it('wakes an unschedulable pod that was itself changed', async () => {
    queue.set(podOf('a'), false);
    const pod = queue.pop();
    assert.ok(pod);
    queue.markUnschedulable(pod, helped());
    await pass(1_500);
    queue.set(podOf('a'), false);
    assert.equal(pop(), undefined);
    queue.set(podOf('a'), true);
    assert.equal(pop(), 'a');
  });

  it('tries no pod for which room is being made, and then at once what was helped meanwhile', async () => {
    const [pod, other] = [podOf('a'), podOf('b')];
    for (const each of [pod, other]) queue.set(each, false);
    for (const each of [pod, other]) {
      pop();
      queue.markUnschedulable(each, helped('pod removed'));
      queue.hold(each);
    }
    await pass(1_500);
    queue.release(other, 'made');
    queue.set(podOf('a'), true);
    queue.moveToActiveOrBackoff('node taints');
    await pass(400_000);
    assert.equal(pop(), 'b', 'five minutes are over for what is not held');
    queue.release(pod, 'made');
    assert.equal(pop(), 'a');
  });

  it('tries a pod again for which no room could be made', async () => {
    const pod = podOf('a');
    queue.set(pod, false);
    pop();
    queue.markUnschedulable(pod, helped());
    queue.hold(pod);
    await pass(1_500);
    queue.release(podOf('a', 0, 'another'), 'failed');
    assert.equal(pop(), undefined);
    queue.release(pod, 'failed');
    assert.equal(pop(), 'a');
  });

  it('moves pods at once whose wait is over when the event comes', async () => {
    const pod = podOf('a');
    queue.set(pod, false);
    pop();
    queue.markUnschedulable(pod, helped('node added'));
    await pass(1_500);
    assert.equal(queue.count('unschedulable'), 1);
    queue.moveToActiveOrBackoff('node added');
    assert.equal(queue.count('active'), 1);
  });

  it('moves all pods that the event may help, and no other', () => {
    for (const [name, ...events] of [
      ['a', 'node added', 'node labels'],
      ['b', 'node labels'],
      ['c', 'node taints'],
    ] as const) {
      const pod = podOf(name);
      queue.set(pod, false);
      pop();
      queue.markUnschedulable(pod, helped(...events));
    }
    queue.moveToActiveOrBackoff('node labels');
    assert.equal(queue.count('backing off'), 2);
    assert.equal(queue.count('unschedulable'), 1);
  });

  it('puts a pod that failed behind equals that came meanwhile', async () => {
    const first = podOf('first');
    queue.set(first, false);
    pop();
    queue.set(podOf('second'), false);
    queue.retry(first);
    queue.set(podOf('third'), false);
    await pass(1_500);
    assert.deepEqual([pop(), pop(), pop()], ['second', 'first', 'third']);
  });

  it('starts the wait anew for another pod of the name', async () => {
    const old = podOf('a', 0, 'old');
    for (let attempt = 0; attempt < 4; attempt++) {
      queue.set(old, false);
      await pass(11_000);
      pop();
      queue.retry(old);
    }
    queue.set(podOf('a', 0, 'new'), false);
    const pod = queue.pop();
    assert.equal(pod?.uid, 'new');
    if (pod !== undefined) queue.retry(pod);
    await pass(1_200);
    assert.equal(pop(), 'a');
  });

  it('counts pods by where they are', () => {
    for (const name of ['a', 'b', 'c', 'd']) queue.set(podOf(name), false);
    const [a, b, c] = [queue.pop(), queue.pop(), queue.pop()];
    assert.ok(a && b && c);
    queue.markUnschedulable(a, helped());
    queue.retry(b);
    const states = ['active', 'in decision', 'backing off', 'unschedulable'] as const;
    assert.deepEqual(
      states.map((state) => queue.count(state)),
      [1, 1, 1, 1],
    );
  });

  it('says when there is something to pop', async () => {
    let ready = 0;
    queue.onReady(() => ready++);
    const pod = podOf('a');
    queue.set(pod, false);
    assert.equal(ready, 1);
    pop();
    queue.retry(pod);
    assert.equal(ready, 1);
    await pass(1_500);
    assert.equal(ready, 2);
  });

  it('ignores what is said of a pod that was deleted meanwhile', () => {
    const pod = podOf('a');
    queue.set(pod, false);
    pop();
    queue.delete(pod.key);
    queue.markUnschedulable(pod, helped());
    queue.retry(pod);
    assert.equal(queue.has(pod.key), false);
  });
});
