/** What the conformance suite asks of the generations of pods. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { at, type Json } from '../../../conformance/api-user.ts';
import { type ClusterWorld, podsOf, scriptPod, sleep } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

export function generations(cluster: SharedCluster): void {
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

  const generationOf = (pod: Json): unknown => at(pod, 'metadata.generation');
  const isObserved = (generation: number) => (object: Json) =>
    generationOf(object) === generation && at(object, 'status.observedGeneration') === generation;

  it('[sig-node] Pods Extended (pod generation) Pod Generation pod generation should start at 1 and increment per update [MinimumKubeletVersion:1.34] [Conformance]', async () => {
    const one = `${path}/generation`;
    assert.equal(generationOf(await world.startPod(namespace, labelled('generation'))), 1);
    await world.until(one, 'is observed', isObserved(1));
    const toleration = { key: 'other', operator: 'Exists', effect: 'NoSchedule' };
    const changes: readonly ((object: Json) => Json)[] = [
      (object) => ({ ...(object.spec as Json), activeDeadlineSeconds: 5000 }),
      (object) => ({
        ...(object.spec as Json),
        tolerations: [...(at(object, 'spec.tolerations') as Json[]), toleration],
      }),
    ];
    for (const [i, change] of changes.entries()) {
      await world.update(one, (object) => ({ ...object, spec: change(object) }));
      await world.until(one, 'is observed', isObserved(i + 2));
    }
    const labelledPod = await world.patch(one, { metadata: { labels: { generation: 'same' } } });
    assert.equal(generationOf(labelledPod), 3);
  });

  it('[sig-node] Pods Extended (pod generation) Pod Generation custom-set generation on new pods and graceful delete [Conformance]', async () => {
    const pod = labelled('generation-set');
    const made = await world.startPod(namespace, { ...pod, metadata: { ...(pod.metadata as Json), generation: 100 } });
    assert.equal(generationOf(made), 1);
    const watch = await world.watch(selected('generation-set'));
    await world.delete(`${path}/generation-set`, { gracePeriodSeconds: 5 });
    await watch.seen('MODIFIED', (object) => {
      return at(object, 'metadata.deletionTimestamp') !== undefined && generationOf(object) === 2;
    });
    await watch.seen('DELETED');
  });

  it('[sig-node] Pods Extended (pod generation) Pod Generation issue 500 podspec updates and verify generation and observedGeneration eventually converge [MinimumKubeletVersion:1.34] [Conformance]', async () => {
    await world.startPod(namespace, labelled('generation-500'));
    const one = `${path}/generation-500`;
    for (let i = 0; i < 499; i += 1) await world.patch(one, { spec: { activeDeadlineSeconds: 100_000 - i } });
    await world.until(one, 'is observed', isObserved(500));
  });
}
