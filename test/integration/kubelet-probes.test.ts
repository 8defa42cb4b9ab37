/** Probes, and what follows from their results. No engine, and no time but the test's. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Probe } from '../../api/types/core/v1.ts';
import {
  conditionOf,
  container,
  exec,
  isReady,
  KubeletWorld,
  type PodSpec,
  patient,
  statusOf,
  stubborn,
} from '../support/kubelet-world.ts';

describe('probes', { timeout: 600_000 }, () => {
  let world: KubeletWorld;
  before(async () => {
    world = await KubeletWorld.start();
  });
  after(() => world?.stop());

  const asks = (name: string, script: string) =>
    world.runtime.changesOf(name).filter((change) => change === `exec c ${script}`).length;
  /** Lets a second pass, and the probe that is due then be answered. */
  const untilAsked = async (name: string, script: string, times: number) =>
    await world.passUntil(`${script} was asked ${times} times`, () => asks(name, script) >= times);
  const probe = (script: string, rest: Partial<Probe> = {}): Probe => ({ ...exec(script), periodSeconds: 1, ...rest });
  const restartsOf = async (name: string) => statusOf(await world.get(name))?.restartCount;

  describe('of readiness', () => {
    it('make a pod ready at their success threshold, and unready at their failure threshold', async () => {
      world.runtime.answer('is-ready', 1);
      const readinessProbe = probe('is-ready', { successThreshold: 2, failureThreshold: 3 });
      await world.create('thresholds', { containers: [container(patient, { readinessProbe })] });
      await untilAsked('thresholds', 'is-ready', 2);
      const before = await world.get('thresholds');
      assert.deepEqual([before.status?.phase, isReady(before)], ['Running', false]);
      world.runtime.answer('is-ready', 0);
      await untilAsked('thresholds', 'is-ready', asks('thresholds', 'is-ready') + 1);
      assert.equal(isReady(await world.get('thresholds')), false, 'once is not enough');
      await world.passUntil('it is ready', async () => isReady(await world.get('thresholds')));
      world.runtime.answer('is-ready', 1);
      const at = asks('thresholds', 'is-ready');
      const unready = await world.passUntil('it is not ready', async () => {
        const pod = await world.get('thresholds');
        return !isReady(pod) && pod;
      });
      assert.ok(asks('thresholds', 'is-ready') >= at + 3);
      const ready = unready.status?.conditions?.find(({ type }) => type === 'Ready');
      assert.deepEqual([ready?.reason, ready?.message], ['ContainersNotReady', 'containers with unready status: [c]']);
      assert.equal(await restartsOf('thresholds'), 0);
      assert.match((await world.messagesOf('thresholds', 'Unhealthy')).join(), /^Readiness probe failed: /);
      await world.remove('thresholds');
    });

    it('wait with the first question until the initial delay is over', async () => {
      const readinessProbe = probe('delayed', { initialDelaySeconds: 20 });
      await world.create('delayed', { containers: [container(patient, { readinessProbe })] });
      await world.podPhase('delayed', 'Running');
      await world.pass(19);
      assert.equal(asks('delayed', 'delayed'), 0);
      await world.pass(1.5);
      await world.podUntil('delayed', isReady);
      await world.remove('delayed');
    });
  });

  describe('of liveness', () => {
    it('restart a container at their failure threshold, and begin anew with the next one', async () => {
      world.runtime.answer('is-live', 1);
      const livenessProbe = probe('is-live', { failureThreshold: 3 });
      await world.create('dead', { containers: [container(patient, { livenessProbe })] });
      await world.passUntil('it was restarted', async () => (await restartsOf('dead')) === 1);
      world.runtime.answer('is-live', 0);
      const changes = world.runtime.changesOf('dead');
      assert.deepEqual(changes.slice(0, changes.indexOf('create c', 3)), [
        'create sandbox',
        'create c',
        'start c',
        ...Array<string>(3).fill('exec c is-live'),
        'stop c 30',
      ]);
      assert.deepEqual(await world.messagesOf('dead', 'Killing'), [
        'Container c failed liveness probe, will be restarted',
      ]);
      await world.podUntil('dead', isReady);
      await world.remove('dead');
    });

    it('give a container their own grace period', async () => {
      world.runtime.answer('is-there', 1);
      const livenessProbe = probe('is-there', { failureThreshold: 1, terminationGracePeriodSeconds: 7 });
      const containers = [container(stubborn, { livenessProbe })];
      await world.create('own-grace', { containers, terminationGracePeriodSeconds: 600 });
      await world.passUntil('it is asked to end', () => world.runtime.changesOf('own-grace').includes('stop c 7'));
      await world.pass(7);
      const pod = await world.podUntil('own-grace', (one) => statusOf(one)?.restartCount === 1);
      assert.equal(statusOf(pod)?.lastState?.terminated?.exitCode, 137);
      world.runtime.answer('is-there', 0);
      await world.remove('own-grace', 0);
    });

    it('end a pod that is not to restart', async () => {
      world.runtime.answer('is-needed', 1);
      const livenessProbe = probe('is-needed', { failureThreshold: 1 });
      await world.create('once', {
        restartPolicy: 'Never',
        containers: [container('trap "exit 9" TERM; while true', { livenessProbe })],
      });
      const pod = await world.passUntil('it failed', async () => {
        const one = await world.get('once');
        return one.status?.phase === 'Failed' && one;
      });
      assert.equal(statusOf(pod)?.state?.terminated?.exitCode, 9);
      assert.deepEqual(await world.messagesOf('once', 'Killing'), ['Stopping container c']);
      await world.remove('once');
    });
  });

  describe('of the start', () => {
    const slow = (failureThreshold: number): Partial<PodSpec> => ({
      containers: [
        container(patient, {
          startupProbe: probe('has-started', { failureThreshold }),
          livenessProbe: probe('is-alive', { failureThreshold: 1 }),
          readinessProbe: probe('serves'),
        }),
      ],
    });

    it('hold back all others until they pass', async () => {
      world.runtime.answer('has-started', 1);
      world.runtime.answer('is-alive', 1); // would end the container at once
      await world.create('slow', slow(30));
      await untilAsked('slow', 'has-started', 5);
      assert.deepEqual([asks('slow', 'is-alive'), asks('slow', 'serves')], [0, 0]);
      const pod = await world.get('slow');
      assert.deepEqual([statusOf(pod)?.started, isReady(pod)], [false, false]);
      world.runtime.answer('is-alive', 0);
      world.runtime.answer('has-started', 0);
      const ready = await world.passUntil('it is ready', async () => {
        const one = await world.get('slow');
        return isReady(one) && one;
      });
      assert.deepEqual([statusOf(ready)?.started, statusOf(ready)?.restartCount], [true, 0]);
      const before = asks('slow', 'has-started');
      await untilAsked('slow', 'is-alive', asks('slow', 'is-alive') + 2);
      assert.equal(asks('slow', 'has-started'), before, 'it is asked no more once it passed');
      await world.remove('slow');
    });

    it('restart a container that never starts', async () => {
      world.runtime.answer('has-started', 1);
      await world.create('never', slow(2));
      await world.passUntil('it was restarted', async () => (await restartsOf('never')) === 1);
      assert.deepEqual(await world.messagesOf('never', 'Killing'), [
        'Container c failed startup probe, will be restarted',
      ]);
      await world.remove('never');
    });
  });

  it('wait for the gates that others open', async () => {
    const gate = 'example.com/gate';
    await world.create('gated', { readinessGates: [{ conditionType: gate }] });
    const closed = await world.podUntil('gated', (pod) => conditionOf(pod, 'ContainersReady') === 'True');
    const ready = closed.status?.conditions?.find(({ type }) => type === 'Ready');
    assert.deepEqual(
      [ready?.status, ready?.reason, ready?.message],
      ['False', 'ReadinessGatesNotReady', `corresponding condition of pod readiness gate "${gate}" does not exist.`],
    );
    await world.remove('gated');
  });
});
