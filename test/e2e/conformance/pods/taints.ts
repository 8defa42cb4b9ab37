/** What the conformance suite asks of taints that evict pods. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { at, type Json } from '../../../conformance/api-user.ts';
import { eventually } from '../../../support/eventually.ts';
import { type ClusterWorld, podsOf, scriptPod, sleep } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

export function taints(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  let path: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
    path = podsOf(namespace);
  });

  const labelled = (name: string, more: { spec?: Json; container?: Json } = {}): Json =>
    scriptPod(name, sleep, { labels: { name }, ...more });
  const selected = (name: string): string => `${path}?labelSelector=name%3D${name}`;

  const taint = { key: 'kubernetes.io/e2e-evict-taint-key', value: 'evictTaintVal', effect: 'NoExecute' };

  /** Runs `act` while the node has the taint. */
  async function whileTainted(node: string, act: () => Promise<void>): Promise<void> {
    const one = `/api/v1/nodes/${node}`;
    const setTaints = (change: (taints: Json[]) => Json[]) =>
      world.update(one, (object) => {
        const spec = object.spec as Json;
        return { ...object, spec: { ...spec, taints: change((spec.taints ?? []) as Json[]) } };
      });
    await setTaints((taints) => [...taints, taint]);
    try {
      await act();
    } finally {
      await setTaints((taints) => taints.filter(({ key }) => key !== taint.key));
    }
  }

  const tolerant = (name: string, tolerationSeconds: number): Json =>
    labelled(name, {
      spec: {
        tolerations: [
          { key: taint.key, operator: 'Equal', value: taint.value, effect: taint.effect, tolerationSeconds },
        ],
      },
    });
  const isLeaving = async (name: string): Promise<boolean> => {
    const left = await world.list(selected(name));
    return left.every((pod) => at(pod, 'metadata.deletionTimestamp') !== undefined);
  };

  it('[sig-node] NoExecuteTaintManager Multiple Pods evicts pods with minTolerationSeconds [Conformance] [Disruptive] [Serial]', async () => {
    const pod = await world.startPod(namespace, tolerant('taint-eviction-1', 2));
    await world.startPod(namespace, tolerant('taint-eviction-2', 60));
    await whileTainted(String(at(pod, 'spec.nodeName')), async () => {
      await eventually('the first is evicted', () => isLeaving('taint-eviction-1'));
      assert.equal(await isLeaving('taint-eviction-2'), false);
    });
  });

  it('[sig-node] NoExecuteTaintManager Single Pod removing taint cancels eviction [Conformance] [Disruptive] [Serial]', async () => {
    // Long enough for a slow machine to take the taint away in time.
    const toleratedSeconds = 15;
    const pod = await world.startPod(namespace, tolerant('taint-eviction-4', toleratedSeconds));
    // Evicted at once: the taint has been acted on.
    await world.startPod(namespace, labelled('intolerant'));
    await whileTainted(String(at(pod, 'spec.nodeName')), async () => {
      await eventually('who does not tolerate is evicted', () => isLeaving('intolerant'));
    });
    await delay((toleratedSeconds + 2) * 1000);
    assert.equal(await isLeaving('taint-eviction-4'), false);
  });
}
