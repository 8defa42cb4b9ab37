/** When containers run again, and when a pod has ended. No engine, and no time but the test's. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pods } from '../../api/resources/core.ts';
import { restartPeriodAnnotation } from '../../api/restart-period.ts';
import { formatTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { container, isReady, KubeletWorld, statusOf, waitingReason } from '../support/kubelet-world.ts';

describe('restarts of containers', { timeout: 600_000 }, () => {
  let world: KubeletWorld;
  before(async () => {
    world = await KubeletWorld.start();
  });
  after(() => world?.stop());

  /** So many seconds after its last end, up to the whole second. */
  const nextTryOf = async (name: string, seconds: number) => {
    const [newest] = await world.attemptsAt(name);
    assert.ok(newest?.status.type === 'exited');
    return formatTime(Math.ceil(newest.status.finishedAt / 1000 + seconds) * 1000);
  };
  const untilRestarted = async (name: string, count: number) =>
    await world.podUntil(name, (pod) => statusOf(pod)?.restartCount === count && isReady(pod));

  it('come at once, then after 10 s, doubled each time up to 5 min, and begin anew after 10 min that went well', async () => {
    await world.create('crashing');
    await untilRestarted('crashing', 0);
    await world.exit('crashing', 1);
    await untilRestarted('crashing', 1);
    for (const [index, [seconds, text]] of (
      [
        [10, '10s'],
        [20, '20s'],
        [40, '40s'],
        [80, '1m20s'],
        [160, '2m40s'],
        [300, '5m0s'],
        [300, '5m0s'],
      ] as const
    ).entries()) {
      await world.exit('crashing', 1);
      const pod = await world.podUntil('crashing', (one) => waitingReason(one) === 'CrashLoopBackOff');
      assert.equal(
        statusOf(pod)?.state?.waiting?.message,
        `back-off ${text} restarting failed container=c pod=crashing_default(${pod.metadata.uid}), next try at ${await nextTryOf('crashing', seconds)}`,
      );
      assert.equal(statusOf(pod)?.lastState?.terminated?.exitCode, 1);
      assert.equal(pod.status?.phase, 'Running');
      await world.pass(seconds - 0.5);
      assert.equal((await world.attemptsAt('crashing'))[0]?.attempt, index + 1, `too early after ${seconds} s`);
      await world.pass(0.5);
      await untilRestarted('crashing', index + 2);
    }
    await world.pass(601);
    await world.exit('crashing', 1);
    await untilRestarted('crashing', 9);
    assert.match(
      (await world.messagesOf('crashing', 'BackOff')).join(),
      /^Back-off restarting failed container c in pod/,
    );
    await world.remove('crashing');
  });

  it('wait no longer than their pod wants, which may be said while they wait', async () => {
    await world.create('capped');
    await untilRestarted('capped', 0);
    await world.exit('capped', 1);
    await untilRestarted('capped', 1);
    await world.exit('capped', 1);
    await world.podUntil('capped', (one) => waitingReason(one) === 'CrashLoopBackOff');
    const annotations = { [restartPeriodAnnotation]: '2s' };
    const key = { namespace: 'default', name: 'capped' };
    await world.server.client.patch<Pod>(pods, key, { type: 'merge', body: { metadata: { annotations } } });
    const said = (pod: Pod) => statusOf(pod)?.state?.waiting?.message ?? '';
    const pod = await world.podUntil('capped', (one) => said(one).startsWith('back-off 2s '));
    assert.ok(said(pod).endsWith(`next try at ${await nextTryOf('capped', 2)}`), said(pod));
    await world.pass(2);
    await untilRestarted('capped', 2);
    await world.remove('capped');
  });

  it('keep the last two attempts, no more', async () => {
    await world.create('kept');
    for (let count = 0; count < 3; count += 1) {
      await untilRestarted('kept', count);
      await world.exit('kept', count);
      if (count > 0) {
        await world.podUntil('kept', (pod) => waitingReason(pod) === 'CrashLoopBackOff');
        await world.pass(10 * count);
      }
    }
    const pod = await untilRestarted('kept', 3);
    assert.equal(statusOf(pod)?.lastState?.terminated?.exitCode, 2);
    assert.deepEqual(
      (await world.attemptsAt('kept')).map(({ attempt }) => attempt),
      [3, 2],
    );
    await world.remove('kept');
  });

  const outcomes: readonly [policy: string, exitCode: number, phase: string | 'again'][] = [
    ['Always', 0, 'again'],
    ['Always', 3, 'again'],
    ['OnFailure', 0, 'Succeeded'],
    ['OnFailure', 3, 'again'],
    ['Never', 0, 'Succeeded'],
    ['Never', 3, 'Failed'],
  ];
  for (const [restartPolicy, exitCode, outcome] of outcomes)
    it(`after exit code ${exitCode} under ${restartPolicy}: ${outcome}`, async () => {
      const name = `ends-${restartPolicy.toLowerCase()}-${exitCode}`;
      await world.create(name, { restartPolicy });
      await world.exit(name, exitCode);
      if (outcome === 'again') await untilRestarted(name, 1);
      else {
        const pod = await world.podPhase(name, outcome);
        const { state, restartCount } = statusOf(pod) ?? {};
        assert.deepEqual([state?.terminated?.exitCode, restartCount], [exitCode, 0]);
        assert.equal(state?.terminated?.reason, exitCode === 0 ? 'Completed' : 'Error');
      }
      await world.remove(name);
    });

  it('ends a pod only when all of its containers ended, and as Failed when one did', async () => {
    const containers = [container(), { ...container(), name: 'other' }];
    await world.create('pair', { restartPolicy: 'Never', containers });
    await world.exit('pair', 1);
    const half = await world.podUntil('pair', (pod) => statusOf(pod)?.state?.terminated !== undefined);
    assert.deepEqual([half.status?.phase, isReady(half)], ['Running', false]);
    await world.exit('pair', 0, 'other');
    const pod = await world.podPhase('pair', 'Failed');
    assert.equal(statusOf(pod, 'other')?.state?.terminated?.exitCode, 0);
    await world.remove('pair');
  });

  it('says of a program that is not there why, and tries it again', async () => {
    await world.create('missing', { containers: [{ ...container(), command: ['/not-there'] }] });
    const pod = await world.passUntil('it waits', async () => {
      const one = await world.get('missing');
      return waitingReason(one) === 'CrashLoopBackOff' && one;
    });
    const { exitCode, reason, message } = statusOf(pod)?.lastState?.terminated ?? {};
    assert.deepEqual([exitCode, reason], [128, 'StartError']);
    assert.match(message ?? '', /not-there/);
    await world.remove('missing');
  });

  it('gives a pod up at its deadline, to the second', async () => {
    await world.create('late', { activeDeadlineSeconds: 60 });
    const started = await untilRestarted('late', 0);
    const passed = (world.clock.now() - Date.parse(String(started.status?.startTime))) / 1000;
    await world.pass(59 - passed);
    assert.equal((await world.attemptsAt('late'))[0]?.status.type, 'running');
    await world.pass(1);
    const pod = await world.podPhase('late', 'Failed');
    assert.equal(pod.status?.reason, 'DeadlineExceeded');
    assert.equal(pod.status?.message, 'Pod was active on the node longer than the specified deadline');
    assert.equal(statusOf(pod)?.state?.terminated?.exitCode, 0);
    await world.remove('late');
  });
});
