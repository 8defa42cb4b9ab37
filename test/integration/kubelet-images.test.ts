/** Images that are pulled, and those that cannot be. No engine, no registry, and no time but the test's. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../api/types/core/v1.ts';
import { container, isReady, KubeletWorld, statusOf, waitingReason } from '../support/kubelet-world.ts';
import { untilPodIsGone } from '../support/test-kubelet.ts';

describe('images', { timeout: 600_000 }, () => {
  let world: KubeletWorld;
  before(async () => {
    world = await KubeletWorld.start();
  });
  after(() => world?.stop());

  const of = (image: string, imagePullPolicy?: string) => ({
    containers: [container(undefined, { image, ...(imagePullPolicy && { imagePullPolicy }) })],
  });
  const messageOf = (pod: Pod) => statusOf(pod)?.state?.waiting?.message;

  it('are pulled where they are not there', async () => {
    world.runtime.offerImage('fresh:1');
    await world.create('fresh', of('fresh:1'));
    await world.podUntil('fresh', isReady);
    assert.deepEqual(await world.messagesOf('fresh', 'Pulling'), ['Pulling image "fresh:1"']);
    assert.match((await world.messagesOf('fresh', 'Pulled')).join(), /^Successfully pulled image "fresh:1" in /);
    await world.remove('fresh');
  });

  it('that are there are not pulled, unless the policy is Always', async () => {
    await world.create('present', of('busybox:1'));
    await world.podUntil('present', isReady);
    assert.deepEqual(await world.messagesOf('present', 'Pulled'), [
      'Container image "busybox:1" already present on machine and can be accessed by the pod',
    ]);
    await world.create('always', of('busybox:1', 'Always'));
    await world.podAfterTime('always', (pod) => waitingReason(pod) === 'ErrImagePull');
    await world.remove('present');
    await world.remove('always');
  });

  it('that cannot be pulled are tried again after 10 s, doubled up to 5 min, and start their container at last', async () => {
    await world.create('absent', of('absent:1'));
    const failed = await world.podUntil('absent', (pod) => waitingReason(pod) === 'ErrImagePull');
    const words = 'manifest for absent:1 not found: manifest unknown';
    assert.deepEqual([failed.status?.phase, messageOf(failed)], ['Pending', words]);
    assert.notEqual(failed.status?.podIP, undefined);
    let failures = 1;
    for (const seconds of [10, 20, 40, 80, 160, 300, 300]) {
      await world.pass(3);
      const pod = await world.podUntil('absent', (one) => waitingReason(one) === 'ImagePullBackOff');
      assert.equal(messageOf(pod), `Back-off pulling image "absent:1": ErrImagePull: ${words}`);
      await world.pass(seconds - 4);
      assert.equal(world.runtime.pullsOf('absent:1'), failures, `too early after ${seconds} s`);
      await world.pass(1);
      await world.podUntil('absent', (one) => waitingReason(one) === 'ErrImagePull');
      failures += 1;
      assert.equal(world.runtime.pullsOf('absent:1'), failures);
    }
    world.runtime.offerImage('absent:1');
    await world.pass(3);
    await world.podUntil('absent', (one) => waitingReason(one) === 'ImagePullBackOff');
    await world.pass(297);
    await world.podUntil('absent', isReady);
    await world.remove('absent');
  });

  it('that are never to be pulled are waited for', async () => {
    await world.create('never', of('later:1', 'Never'));
    const pod = await world.podUntil('never', (one) => waitingReason(one) === 'ErrImageNeverPull');
    assert.equal(messageOf(pod), 'Container image "later:1" is not present with pull policy of Never');
    assert.equal(world.runtime.pullsOf('later:1'), 0);
    // Each try is told, as its cause is; one try may just be on its way.
    const failures = await world.eventsCounted('never', 'Failed', 3);
    const causes = await world.eventsCounted('never', 'ErrImageNeverPull', 3);
    assert.ok(causes - failures <= 1, `${causes} causes, ${failures} failures`);
    assert.deepEqual(await world.messagesOf('never', 'Failed'), ['Error: ErrImageNeverPull']);
    world.runtime.addImage('later:1');
    await world.podAfterTime('never', isReady);
    await world.remove('never');
  });

  it('whose names are none are said to be so', async () => {
    await world.create('named', of('NOT:VALID:NAME'));
    const pod = await world.podUntil('named', (one) => waitingReason(one) === 'InvalidImageName');
    assert.match(
      messageOf(pod) ?? '',
      /^Failed to apply default image tag "NOT:VALID:NAME": couldn't parse image name/,
    );
    await world.remove('named');
  });

  it('of one container do not hold back another', async () => {
    const containers = [container(), container(undefined, { name: 'other', image: 'absent:2' })];
    await world.create('half', { containers });
    const pod = await world.podUntil('half', (one) => waitingReason(one, 'other') === 'ErrImagePull');
    assert.notEqual(statusOf(await world.podUntil('half', (one) => statusOf(one)?.ready === true)), undefined);
    assert.equal(pod.status?.phase, 'Pending');
    await world.remove('half');
  });

  it('that many wait for are pulled once, and how far that is is told seldom', async () => {
    world.runtime.offerImage('large:1', {
      layers: [
        { id: 'a', state: 'done' },
        { id: 'b', state: 'waiting' },
      ],
    });
    const release = world.runtime.hold('pullImage');
    const names = ['large-1', 'large-2', 'large-3'];
    for (const name of names) await world.create(name, of('large:1'));
    for (const name of names) await world.messagesOf(name, 'Pulling');
    // After 10 s, 30 s and 70 s.
    for (const seconds of [10, 20, 40, 10]) await world.pass(seconds);
    const far = 'Pulling image "large:1": 1 of 2 layers done, 0.0 MiB downloaded';
    for (const name of names) {
      assert.equal(await world.eventsCounted(name, 'PullProgress', 3), 3);
      assert.deepEqual(await world.messagesOf(name, 'PullProgress'), [far]);
    }
    release();
    for (const name of names) await world.podUntil(name, isReady);
    assert.equal(world.runtime.pullsOf('large:1'), 1);
    for (const name of names) await world.remove(name);
  });

  it('on their way keep no pod from being deleted', async () => {
    const release = world.runtime.hold('pullImage');
    await world.create('pulling', of('slow:1'));
    await world.messagesOf('pulling', 'Pulling');
    await world.remove('pulling');
    await untilPodIsGone(world.server, 'pulling');
    release();
    await world.passUntil('nothing is left', async () => (await world.attemptsAt('pulling')).length === 0);
  });
});
