/** Volumes made of images, and filled from them: a kubelet without an engine. Mounts are real, which only root makes. */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pods } from '../../api/resources/core.ts';
import { container, isReady, KubeletWorld, statusOf, waitingReason } from '../support/kubelet-world.ts';

describe('volumes made of images', { timeout: 300_000 }, () => {
  let world: KubeletWorld;
  before(async () => {
    world = await KubeletWorld.start();
    world.runtime.addImage('content:1');
    world.runtime.putIntoImage('content:1', { '/data/file': 'hello', '/data/sub/deep': 'deep' });
  });
  after(() => world?.stop());

  const mountOf = async (pod: string) => {
    const [found] = await world.attemptsAt(pod);
    const [mount] = world.runtime.configOf(found?.id ?? '')?.mounts ?? [];
    assert(mount);
    return mount;
  };
  const of = (reference: string, pullPolicy: string) => ({
    containers: [container(undefined, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    volumes: [{ name: 'v', image: { reference, pullPolicy } }],
  });

  it('show what the image holds, and go with the pod', async () => {
    await world.create('shown', of('content:1', 'IfNotPresent'));
    await world.podAfterTime('shown', isReady);
    const { hostPath, readOnly } = await mountOf('shown');
    assert.equal(readOnly, true);
    assert.equal(await readFile(join(hostPath, 'data/file'), 'utf8'), 'hello');
    const dataDir = join(hostPath, '../../../../..');
    assert.equal((await readdir(join(dataDir, 'image-volumes'))).length, 1);
    await world.remove('shown', 0);
    await world.untilGone('shown');
    await world.passUntil('it is removed', async () => (await readdir(join(dataDir, 'image-volumes'))).length === 0);
  });

  it('wait for an image as its container would', async () => {
    await world.create('late', of('late:1', 'IfNotPresent'));
    const failed = await world.podAfterTime('late', (pod) => waitingReason(pod) === 'ErrImagePull');
    assert.match(statusOf(failed)?.state?.waiting?.message ?? '', /manifest for late:1 not found/);
    await world.podAfterTime('late', (pod) => waitingReason(pod) === 'ImagePullBackOff');
    world.runtime.offerImage('late:1');
    await world.podAfterTime('late', isReady);
    await world.create('never', of('never:1', 'Never'));
    await world.podAfterTime('never', (pod) => waitingReason(pod) === 'ErrImageNeverPull');
    for (const name of ['late', 'never']) {
      await world.remove(name, 0);
      await world.untilGone(name);
    }
  });

  it('are filled where the pod asks for it, once', async () => {
    const mounts = (...names: string[]) => names.map((name) => ({ name, mountPath: '/data' }));
    await world.server.client.create(pods, {
      metadata: {
        namespace: 'default',
        name: 'filled',
        annotations: { 'longshore.dev/fill-volumes-from-image': 'v' },
      },
      spec: {
        nodeName: 'node-1',
        containers: [container(undefined, { image: 'content:1', volumeMounts: mounts('v') })],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    });
    await world.podAfterTime('filled', isReady);
    const { hostPath } = await mountOf('filled');
    assert.deepEqual((await readdir(hostPath)).sort(), ['file', 'sub']);
    await world.remove('filled', 0);
    await world.untilGone('filled');
  });
});
