/** What the conformance suite asks of pods that get other amounts of CPU and memory while they run. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { at, type Json } from '../../../conformance/api-user.ts';
import { eventually } from '../../../support/eventually.ts';
import { type ClusterWorld, image, podsOf } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

interface Amounts {
  readonly cpu?: string;
  readonly memory?: string;
}
interface Resources {
  readonly requests: Amounts;
  readonly limits?: Amounts;
}

/** `c1`, `c2`, … */
const containerNames = (all: readonly Resources[]): string[] => all.map((_, i) => `c${i + 1}`);

const podWith = (name: string, all: readonly Resources[]): Json => ({
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: containerNames(all).map((container, i) => ({
      ...{ name: container, image, command: ['sleep', '100000'], resources: all[i] },
    })),
  },
});

/** Of each container, the resources in force, the requests that it was given, and its restarts. */
const shown = (pod: Json): unknown[] =>
  [at(pod, 'status.containerStatuses') ?? []]
    .flat()
    .map((one) => [at(one, 'resources'), at(one, 'allocatedResources'), at(one, 'restartCount')]);

/** Limits of a container as the kernel has them: microseconds in 100 ms, and bytes; of both versions of cgroups. */
const readLimits = `cd /sys/fs/cgroup
  if [ -e cpu.max ]; then cut -d' ' -f1 cpu.max; cat memory.max
  else cat cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes; fi`;
const kernelLimits = ({ limits: { cpu, memory } = {} }: Resources): (string | undefined)[] => [
  // It takes no less than a millisecond.
  cpu && String(Math.max(Number.parseInt(cpu, 10) * 100, 1000)),
  memory && String(Number.parseInt(memory, 10) * 2 ** 20),
];

export function resizes(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

  async function has(name: string, all: readonly Resources[]): Promise<Json> {
    const wanted = all.map((one) => [one, one.requests, 0]);
    const pod = await world.until(`${podsOf(namespace)}/${name}`, 'has what it asks for', (object) => {
      const isObserved = at(object, 'status.observedGeneration') === at(object, 'metadata.generation');
      return (
        isObserved && !/"PodResize/.test(JSON.stringify(object.status)) && isDeepStrictEqual(shown(object), wanted)
      );
    });
    for (const [i, container] of containerNames(all).entries()) {
      const limits = kernelLimits(all[i] ?? { requests: {} });
      await eventually(`${container} has ${limits} in the kernel`, async () => {
        const read = (await world.exec(namespace, name, readLimits, container)).trim().split('\n');
        return limits.every((limit, j) => limit === undefined || limit === read[j]);
      });
    }
    return pod;
  }

  async function start(name: string, all: readonly Resources[]): Promise<string> {
    const pod = await world.startPod(namespace, podWith(name, all));
    assert.equal(at(pod, 'metadata.generation'), 1);
    await has(name, all);
    return `${podsOf(namespace)}/${name}`;
  }

  async function resize(name: string, all: readonly Resources[]): Promise<void> {
    const containers = containerNames(all).map((container, i) => ({ name: container, resources: all[i] }));
    await world.patch(`${podsOf(namespace)}/${name}/resize`, { spec: { containers } }, 'strategic');
    await has(name, all);
  }

  it('[sig-node] Pod InPlace Resize Container burstable pods - extended 6 containers - various operations performed (including adding limits and requests) [MinimumKubeletVersion:1.34] [Conformance]', async () => {
    const one = await start('various', [
      { requests: { cpu: '20m' } },
      { requests: { memory: '20Mi' } },
      { requests: { cpu: '20m', memory: '20Mi' } },
      { requests: { cpu: '20m' } },
      { requests: { memory: '20Mi' } },
      { requests: { cpu: '20m', memory: '20Mi' }, limits: { cpu: '40m', memory: '40Mi' } },
    ]);
    await resize('various', [
      { requests: { cpu: '30m' }, limits: { cpu: '40m' } },
      { requests: { memory: '16Mi' }, limits: { memory: '40Mi' } },
      { requests: { cpu: '20m', memory: '16Mi' } },
      { requests: { cpu: '15m', memory: '20Mi' } },
      { requests: { cpu: '20m', memory: '30Mi' } },
      { requests: { cpu: '15m', memory: '30Mi' }, limits: { cpu: '50m', memory: '32Mi' } },
    ]);
    await world.delete(one);
  });

  it('[sig-node] Pod InPlace Resize Container burstable pods - extended resize with equivalents [MinimumKubeletVersion:1.34] [Conformance]', async () => {
    const [before, after] = [
      { requests: { cpu: '2m' }, limits: { cpu: '10m' } },
      { requests: { cpu: '1m' }, limits: { cpu: '5m' } },
    ];
    const one = await start('equivalents', [before]);
    await resize('equivalents', [after]);
    await resize('equivalents', [before]);
    await world.delete(one);
  });

  it('[sig-node] Pod InPlace Resize Container resize pod via the replace endpoint [MinimumKubeletVersion:1.34] [Conformance]', async () => {
    const one = await start('replaced', [{ requests: { cpu: '20m', memory: '20Mi' } }]);
    const resources = { requests: { cpu: '30m', memory: '30Mi' } };
    await world.update(`${one}/resize`, (object) => ({
      ...object,
      spec: at(podWith('replaced', [resources]), 'spec'),
    }));
    const asked = await world.get(one);
    assert.deepEqual(at(asked, 'spec.containers.0.resources'), resources);
    assert.equal(at(asked, 'metadata.generation'), 2);
    await has('replaced', [resources]);
    await eventually('both places have the same', async () => {
      const [pod, resized] = await Promise.all([world.get(one), world.get(`${one}/resize`)]);
      return isDeepStrictEqual(pod, resized);
    });
    await world.delete(one);
  });
}
