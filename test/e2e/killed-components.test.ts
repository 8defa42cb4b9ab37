/**
 * Any process can be killed at any instant: nothing is lost, nothing doubled, no container restarted. Each component in
 * turn gets `kill -9` while pods are being made, and etcd as well.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pods, replicationControllers } from '../../api/resources/core.ts';
import { containerIdentities, importSleeper, runningContainers } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { type ComponentName, SplitCluster } from '../support/split-cluster.ts';

const namespace = 'default';
const name = 'sleepers';
const image = 'longshore-test/sleeper:1';
const step = 3;

describe('kill -9 while pods are made', () => {
  let cluster: SplitCluster;
  let replicas = 0;

  before(async () => {
    await importSleeper(image);
    cluster = await SplitCluster.start();
    await cluster.client.create(replicationControllers, {
      metadata: { name, namespace },
      spec: {
        replicas: 0,
        selector: { name },
        template: {
          metadata: { labels: { name } },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [{ name: 'sleeper', image, imagePullPolicy: 'Never' }],
          },
        },
      },
    });
    await grow();
    await settled();
  });
  after(() => cluster.stop());

  async function grow(): Promise<void> {
    replicas += step;
    const patch = { type: 'merge', body: { spec: { replicas } } } as const;
    await cluster.client.patch(replicationControllers, { namespace, name }, patch);
  }

  /** As many pods as wanted, all running, each with one container. */
  async function settled(): Promise<void> {
    const isSettled = async () => {
      const { items } = await cluster.client.list(pods, { namespace });
      const running = items.filter(({ status }) => status?.phase === 'Running');
      assert.deepEqual([items.length, running.length], [replicas, replicas]);
      const containers = (await runningContainers()).map(({ pod }) => pod).sort();
      assert.deepEqual(containers, items.map(({ metadata }) => metadata.name).sort());
      return true;
    };
    await eventually(`${replicas} running pods`, isSettled, { timeoutMs: 60_000, everyMs: 100 });
  }

  async function disturb(kill: () => Promise<void>, startAgain: () => Promise<void>): Promise<void> {
    const before = await containerIdentities();
    await grow();
    await delay(100); // in the middle of it
    await kill();
    await delay(500);
    await startAgain();
    await settled();
    const after = new Set(await containerIdentities());
    assert.deepEqual(
      before.filter((one) => !after.has(one)),
      [],
      'containers that ran before still run',
    );
  }

  const components: ComponentName[] = ['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'proxy'];
  for (const component of components) {
    it(`of the ${component} loses nothing, doubles nothing, restarts nothing`, async () => {
      await disturb(
        () => cluster.kill(component),
        () => cluster.startComponent(component),
      );
    });
  }

  it('of etcd loses nothing, doubles nothing, restarts nothing', async () => {
    await disturb(
      () => cluster.etcd.kill(),
      () => cluster.etcd.start(),
    );
  });
});
