/** How a pod's containers are started and ended: in which order, with which hooks, and with how much time. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import {
  container,
  exec,
  isReady,
  KubeletWorld,
  patient,
  statusOf,
  stubborn,
  waitingReason,
} from '../support/kubelet-world.ts';
import { untilPodIsGone } from '../support/test-kubelet.ts';

describe('starts and ends of pods', { timeout: 600_000 }, () => {
  let world: KubeletWorld;
  before(async () => {
    world = await KubeletWorld.start();
  });
  after(() => world?.stop());

  const changesOf = (name: string, ...verbs: string[]) =>
    world.runtime.changesOf(name).filter((change) => verbs.includes(change.split(' ')[0] ?? ''));
  const untilChange = async (name: string, change: string) =>
    await eventually(change, () => world.runtime.changesOf(name).includes(change));
  const isGone = async (name: string) => await untilPodIsGone(world.server, name);

  describe('grace', () => {
    it('is what the pod says; then its containers are killed, and its object goes last', async () => {
      await world.create('stubborn', { containers: [container(stubborn)], terminationGracePeriodSeconds: 45 });
      await world.podUntil('stubborn', isReady);
      await world.remove('stubborn');
      await untilChange('stubborn', 'stop c 45');
      await world.pass(44);
      assert.equal((await world.running('stubborn')).status.type, 'running');
      assert.equal(isReady(await world.get('stubborn')), true);
      await world.pass(1);
      await isGone('stubborn');
      await eventually('nothing is left', async () => (await world.attemptsAt('stubborn')).length === 0);
    });

    it('is what the deletion says, and may become shorter while it goes on', async () => {
      await world.create('hurried', { containers: [container(stubborn)], terminationGracePeriodSeconds: 600 });
      await world.podUntil('hurried', isReady);
      await world.remove('hurried', 300);
      await untilChange('hurried', 'stop c 300');
      await world.remove('hurried', 5);
      await untilChange('hurried', 'stop c 5');
      await world.pass(5);
      await isGone('hurried');
    });

    it('is none when the pod is deleted by force', async () => {
      await world.create('forced', { containers: [container(stubborn)], terminationGracePeriodSeconds: 600 });
      await world.podUntil('forced', isReady);
      await world.remove('forced', 0);
      await isGone('forced');
      await world.passUntil('nothing is left', async () => (await world.attemptsAt('forced')).length === 0);
    });
  });

  describe('preStop hooks', () => {
    const hooked = (script: string) => container(stubborn, { lifecycle: { preStop: exec(script) } });

    it('run before the container is asked to end, on its time', async () => {
      const release = world.runtime.hold('exec');
      await world.create('farewell', { containers: [hooked('farewell')], terminationGracePeriodSeconds: 60 });
      await world.podUntil('farewell', isReady);
      await world.remove('farewell');
      await untilChange('farewell', 'exec c farewell');
      await world.pass(20);
      assert.deepEqual(changesOf('farewell', 'stop'), []);
      release();
      await untilChange('farewell', 'stop c 40');
      await world.pass(40);
      await isGone('farewell');
      assert.deepEqual(changesOf('farewell', 'exec', 'stop').slice(0, 2), ['exec c farewell', 'stop c 40']);
    });

    it('that fail are told, and keep nothing from ending', async () => {
      world.runtime.answer('broken', 1);
      const containers = [container(patient, { lifecycle: { preStop: exec('broken') } })];
      await world.create('broken-hook', { containers });
      await world.podUntil('broken-hook', isReady);
      await world.remove('broken-hook');
      assert.equal((await world.messagesOf('broken-hook', 'FailedPreStopHook')).length, 1);
      await isGone('broken-hook');
    });

    it('that sleep do so for as long as they say', async () => {
      const containers = [container(patient, { lifecycle: { preStop: { sleep: { seconds: 12 } } } })];
      await world.create('sleeper', { containers });
      await world.podUntil('sleeper', isReady);
      await world.remove('sleeper');
      await world.messagesOf('sleeper', 'Killing');
      assert.deepEqual(changesOf('sleeper', 'stop'), []);
      await world.passUntil('it is asked to end', () => changesOf('sleeper', 'stop').length > 0);
      await isGone('sleeper');
    });

    it('do not run for a container that ended by itself', async () => {
      await world.create('by-itself', { restartPolicy: 'Never', containers: [hooked('too-late')] });
      await world.exit('by-itself', 0);
      await world.podPhase('by-itself', 'Succeeded');
      assert.deepEqual(changesOf('by-itself', 'exec'), []);
      await world.remove('by-itself');
    });
  });

  describe('postStart hooks', () => {
    const hooked = (script: string) => container(patient, { lifecycle: { postStart: exec(script) } });

    it('keep the container waiting for users until they are through', async () => {
      const release = world.runtime.hold('exec');
      await world.create('greeting', { containers: [hooked('greeting')] });
      await untilChange('greeting', 'exec c greeting');
      await world.passUntil('it is shown', async () => waitingReason(await world.get('greeting')) !== undefined);
      const pod = await world.get('greeting');
      assert.deepEqual([pod.status?.phase, waitingReason(pod)], ['Pending', 'ContainerCreating']);
      release();
      await world.podUntil('greeting', isReady);
      await world.remove('greeting');
    });

    it('that fail end the container, which is tried again', async () => {
      world.runtime.answer('refuses', 1);
      await world.create('refused', { containers: [hooked('refuses')] });
      await world.passUntil(
        'it was restarted',
        async () => (statusOf(await world.get('refused'))?.restartCount ?? 0) > 0,
      );
      assert.equal((await world.messagesOf('refused', 'FailedPostStartHook'))[0], 'PostStartHook failed');
      world.runtime.answer('refuses', 0);
      await world.passUntil('it is ready', async () => isReady(await world.get('refused')));
      await world.remove('refused');
    });
  });

  describe('init containers', () => {
    const initContainers = [
      { ...container(), name: 'first' },
      { ...container(), name: 'second' },
    ];

    it('run one after the other, before all others', async () => {
      await world.create('steps', { initContainers });
      const pod = await world.podAfterTime('steps', (one) => statusOf(one, 'first')?.state?.running !== undefined);
      assert.equal(pod.status?.phase, 'Pending');
      const initialized = pod.status?.conditions?.find(({ type }) => type === 'Initialized');
      assert.deepEqual(
        [initialized?.status, initialized?.message],
        ['False', 'containers with incomplete status: [first second]'],
      );
      assert.equal(waitingReason(pod), 'PodInitializing');
      await world.exit('steps', 0, 'first');
      await world.exit('steps', 0, 'second');
      const ready = await world.podUntil('steps', isReady);
      assert.equal(statusOf(ready, 'first')?.ready, true);
      assert.deepEqual(changesOf('steps', 'start'), ['start first', 'start second', 'start c']);
      await world.remove('steps');
    });

    it('that fail are run again with the back-off of any container, and those before are not', async () => {
      await world.create('retried', { initContainers });
      await world.exit('retried', 0, 'first');
      await world.exit('retried', 1, 'second');
      await eventually('it runs again', async () => (await world.attemptsAt('retried', 'second'))[0]?.attempt === 1);
      await world.exit('retried', 1, 'second');
      const pod = await world.podAfterTime('retried', (one) => waitingReason(one, 'second') === 'CrashLoopBackOff');
      assert.equal(pod.status?.phase, 'Pending');
      await world.pass(10);
      await world.exit('retried', 0, 'second');
      await world.podUntil('retried', isReady);
      assert.equal(changesOf('retried', 'start').filter((change) => change === 'start first').length, 1);
      await world.remove('retried');
    });

    it('that fail end a pod that is not to restart', async () => {
      await world.create('given-up', { initContainers, restartPolicy: 'Never' });
      await world.exit('given-up', 7, 'first');
      const pod = await world.podPhase('given-up', 'Failed');
      assert.deepEqual(changesOf('given-up', 'start'), ['start first']);
      assert.equal(statusOf(pod, 'first')?.state?.terminated?.exitCode, 7);
      assert.equal(waitingReason(pod), 'PodInitializing');
      await world.remove('given-up');
    });
  });

  describe('sidecars', () => {
    const sidecar = (name: string, rest: object = {}) => ({
      ...container(patient, rest),
      name,
      restartPolicy: 'Always',
    });

    it('start in order before the others, each when the one before has started', async () => {
      world.runtime.answer('proxy-is-up', 1);
      const startupProbe = { ...exec('proxy-is-up'), periodSeconds: 1, failureThreshold: 1000 };
      await world.create('served', { initContainers: [sidecar('proxy', { startupProbe }), sidecar('logs')] });
      await world.running('served', 'proxy');
      await world.pass(3);
      assert.deepEqual(changesOf('served', 'start'), ['start proxy']);
      world.runtime.answer('proxy-is-up', 0);
      await world.passUntil('it is ready', async () => isReady(await world.get('served')));
      assert.deepEqual(changesOf('served', 'start'), ['start proxy', 'start logs', 'start c']);
      await world.remove('served');
    });

    it('end after the others, the last one first', async () => {
      await world.create('ordered', {
        initContainers: [sidecar('one'), sidecar('two')],
        containers: [container(), { ...container(), name: 'd' }],
      });
      await world.podUntil('ordered', isReady);
      await world.remove('ordered');
      await isGone('ordered');
      const stops = changesOf('ordered', 'stop').map((change) => change.split(' ')[1]);
      assert.deepEqual(stops.slice(0, 2).sort(), ['c', 'd']);
      assert.deepEqual(stops.slice(2), ['two', 'one', 'sandbox']);
    });

    it('do not keep a pod from being over, and do not decide how it ended', async () => {
      await world.create('work', {
        restartPolicy: 'Never',
        initContainers: [{ ...sidecar('helper'), ...{ command: ['sh', '-c', 'trap "exit 5" TERM; while true'] } }],
      });
      await world.exit('work', 0);
      const pod = await world.podPhase('work', 'Succeeded');
      assert.equal(statusOf(pod, 'helper')?.state?.terminated?.exitCode, 5);
      await world.remove('work');
    });

    it('run again whatever their exit code and the pod’s policy', async () => {
      await world.create('revived', { restartPolicy: 'Never', initContainers: [sidecar('helper')] });
      await world.podUntil('revived', isReady);
      await world.exit('revived', 0, 'helper');
      const pod = await world.podUntil('revived', (one) => statusOf(one, 'helper')?.restartCount === 1 && isReady(one));
      assert.equal(statusOf(pod)?.restartCount, 0);
      await world.remove('revived');
    });
  });
});
