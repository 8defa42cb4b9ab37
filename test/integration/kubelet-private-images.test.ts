/** Images that not everybody may pull, and credentials for them. No engine, no registry, and no time but the test's. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaceSelectorAnnotation, registryCredentialsLabel } from '../../api/registry-credentials.ts';
import { namespaces, pods, secrets } from '../../api/resources/core.ts';
import { isForbidden, isInvalid } from '../../api/status-error.ts';
import type { Namespace, Pod, Secret } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { container, isReady, KubeletWorld, statusOf, waitingReason } from '../support/kubelet-world.ts';
import { ensureNamespace, untilPodIsGone } from '../support/test-kubelet.ts';

const type = 'kubernetes.io/dockerconfigjson';
const registry = 'registry.test';

function dataOf(password: string) {
  const auth = Buffer.from(`me:${password}`).toString('base64');
  const config = JSON.stringify({ auths: { [registry]: { auth } } });
  return { '.dockerconfigjson': Buffer.from(config).toString('base64') };
}

describe('private images', { timeout: 600_000 }, () => {
  let world: KubeletWorld;
  before(async () => {
    world = await KubeletWorld.start();
    for (const [name, password] of Object.entries({ good: 'right', copy: 'right', bad: 'wrong' }))
      await world.server.client.create<Secret>(secrets, {
        metadata: { namespace: 'default', name },
        ...{ type, data: dataOf(password) },
      });
  });
  after(() => world?.stop());

  const image = (name: string) => `${registry}/${name}`;
  const specOf = (name: string, secretNames: readonly string[] = [], imagePullPolicy = 'IfNotPresent') => ({
    imagePullSecrets: secretNames.map((one) => ({ name: one })),
    containers: [container(undefined, { image: image(name), imagePullPolicy })],
  });
  const messageOf = (pod: Pod) => statusOf(pod)?.state?.waiting?.message;
  const remove = async (...names: string[]) => {
    for (const name of names) await world.remove(name, 0);
    for (const name of names) await world.untilGone(name);
  };
  const restart = async () => {
    await world.kubelet.stop();
    await world.kubelet.start();
  };

  it('run for nobody who could not pull them, whoever pulled them, also after the kubelet was started again', async () => {
    world.runtime.offerImage(image('app:1'), { password: 'right' });
    await world.create('owner', specOf('app:1', ['bad', 'good']));
    await world.podUntil('owner', isReady);
    const denied = `pull access denied for ${image('app:1')}: unauthorized`;
    const judge = async (suffix: string) => {
      for (const [name, secretNames] of [
        [`nobody${suffix}`, []],
        [`wrong${suffix}`, ['bad']],
      ] as const) {
        await world.create(name, specOf('app:1', secretNames));
        const pod = await world.podUntil(name, (one) => waitingReason(one) === 'ErrImagePull');
        assert.equal(messageOf(pod), denied);
      }
      await world.create(`never${suffix}`, specOf('app:1', [], 'Never'));
      const never = await world.podUntil(`never${suffix}`, (one) => waitingReason(one) === 'ErrImageNeverPull');
      assert.match(messageOf(never) ?? '', /is not present with pull policy of Never$/);
      const pulls = world.runtime.pullsOf(image('app:1'));
      await world.create(`same${suffix}`, specOf('app:1', ['copy'], 'Never'));
      await world.podUntil(`same${suffix}`, isReady);
      assert.equal(world.runtime.pullsOf(image('app:1')), pulls);
      await remove(...['nobody', 'wrong', 'never', 'same'].map((name) => name + suffix));
    };
    await judge('');
    await restart();
    await judge('-later');
    await remove('owner');
  });

  it('that were there before the kubelet pulled anything are for everybody', async () => {
    world.runtime.addImage(image('preloaded:1'));
    await world.create('preloaded', specOf('preloaded:1'));
    await world.podUntil('preloaded', isReady);
    await remove('preloaded');
  });

  it('that anybody may pull are for everybody, once somebody did so', async () => {
    world.runtime.offerImage(image('public:1'));
    await world.create('with', specOf('public:1', ['good']));
    await world.podUntil('with', isReady);
    await world.create('without', specOf('public:1'));
    await world.podUntil('without', isReady);
    assert.equal(world.runtime.pullsOf(image('public:1')), 2);
    await world.create('third', specOf('public:1'));
    await world.podUntil('third', isReady);
    assert.equal(world.runtime.pullsOf(image('public:1')), 2);
    await remove('with', 'without', 'third');
  });

  it('run again for their pod while its Secret cannot be read', async () => {
    await world.create('lasting', specOf('app:1', ['good']));
    await world.podUntil('lasting', isReady);
    await world.server.client.delete(secrets, { namespace: 'default', name: 'good' });
    await world.exit('lasting', 1);
    await world.podUntil('lasting', (pod) => statusOf(pod)?.restartCount === 1 && isReady(pod));
    await remove('lasting');
  });

  it("are pulled with the cluster's own credentials in the namespaces that those are for, and in no other", async () => {
    for (const name of ['kube-system', 'shop', 'elsewhere']) await ensureNamespace(world.server, name);
    const { client } = world.server;
    await client.patch<Namespace>(
      namespaces,
      { name: 'shop' },
      { type: 'merge', body: { metadata: { labels: { team: 'a' } } } },
    );
    world.runtime.offerImage(image('shared:1'), { password: 'of the cluster' });
    const key = { namespace: 'kube-system', name: 'company-registry' };
    const metadata = (selector: string) => ({
      ...key,
      labels: { [registryCredentialsLabel]: 'true' },
      annotations: { [namespaceSelectorAnnotation]: selector },
    });
    const contents = { type, data: dataOf('of the cluster') };
    await assert.rejects(client.create<Secret>(secrets, { metadata: metadata('team=('), ...contents }), isInvalid);
    await client.create<Secret>(secrets, { metadata: metadata('team=a'), ...contents });
    const create = (namespace: string) =>
      client.create<Pod>(pods, {
        metadata: { namespace, name: 'shared' },
        spec: { nodeName: 'node-1', ...specOf('shared:1') },
      });
    const until = (namespace: string, check: (pod: Pod) => boolean) =>
      world.passUntil(`the pod in ${namespace}`, async () => {
        const pod = await client.get<Pod>(pods, { namespace, name: 'shared' });
        return check(pod) && pod;
      });
    const node = createRestClient(await world.server.connectAsNode('node-1'), {
      userAgent: 'test',
      logger: silentLogger,
    });
    try {
      await assert.rejects(node.get(secrets, key), isForbidden);
      await create('elsewhere');
      await until('elsewhere', (pod) => waitingReason(pod) === 'ErrImagePull');
      await assert.rejects(node.get(secrets, key), isForbidden);
      await create('shop');
      await until('shop', isReady);
      assert.equal((await node.get<Secret>(secrets, key)).metadata.name, key.name);
      await assert.rejects(node.list(secrets, { namespace: 'kube-system' }), isForbidden);
      // It is on the node now, and still not for the other namespace.
      await world.pass(12);
      await until('elsewhere', (pod) => waitingReason(pod)?.startsWith('ErrImagePull') ?? false);
      assert.deepEqual((await client.list(secrets, { namespace: 'shop' })).items, []);
    } finally {
      await node.close();
      for (const namespace of ['shop', 'elsewhere'])
        await client.delete(pods, { namespace, name: 'shared' }, { gracePeriodSeconds: 0 });
    }
    await untilPodIsGone(world.server, 'shared');
  });
});
