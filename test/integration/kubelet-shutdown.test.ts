/** A machine that shuts down: the kubelet ends its pods in order first, and comes back when it does not shut down after all. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nodes } from '../../api/resources/core.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { parseShutdownPeriods } from '../../kubelet/shutdown/shutdown-periods.ts';
import { PlayedShutdowns } from '../../kubelet/shutdown/testing/played-shutdowns.ts';
import { eventually } from '../support/eventually.ts';
import { container, isReady, KubeletWorld, stubborn } from '../support/kubelet-world.ts';

const message = 'Pod was terminated in response to imminent node shutdown.';

describe('a shutdown of the machine', { timeout: 240_000 }, () => {
  const machine = new PlayedShutdowns();
  let world: KubeletWorld;
  before(async () => {
    const flags = { 'shutdown-grace-period': '30s', 'shutdown-grace-period-critical-pods': '10s' };
    world = await KubeletWorld.start({ shutdown: { source: machine, periods: parseShutdownPeriods(flags) } });
  });
  after(() => world?.stop());

  const untilReady = async (status: string) =>
    await world.passUntil(`the node's Ready is ${status}`, async () => {
      const node = await world.server.client.get<Node>(nodes, { name: 'node-1' });
      const found = node.status?.conditions?.find(({ type }) => type === 'Ready');
      return found?.status === status && [found.reason, found.message];
    });
  const endOf = ({ status }: Pod) => {
    const disruption = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    return [status?.reason, status?.message, disruption?.status, disruption?.reason, disruption?.message];
  };

  it('waits for pods: those that are not critical first, each as long as it may take', async () => {
    await world.passUntil('the shutdown is held up', () => machine.holds === 1);
    assert.equal(machine.longestMs, 30_000);
    await world.create('web');
    await world.create('stubborn', { containers: [container(stubborn)], terminationGracePeriodSeconds: 600 });
    await world.create('critical', { priorityClassName: 'system-node-critical' });
    for (const name of ['web', 'stubborn', 'critical']) await world.podUntil(name, isReady);
    machine.setShuttingDown(true);
    assert.deepEqual(await untilReady('False'), ['KubeletNotReady', 'node is shutting down']);
    const web = await world.podAfterTime('web', ({ status }) => status?.phase === 'Failed');
    assert.deepEqual(endOf(web), ['Terminated', message, 'True', 'TerminationByKubelet', message]);
    assert.equal((await world.get('critical')).status?.phase, 'Running');
    assert.equal(machine.holds, 1);
    const critical = await world.podAfterTime('critical', ({ status }) => status?.phase === 'Failed');
    assert.deepEqual(endOf(critical), endOf(web));
    assert.equal((await world.get('stubborn')).status?.phase, 'Failed');
    await world.passUntil('the shutdown goes on', () => machine.holds === 0);
  });

  it('lets no pod in, and when it is cancelled the node takes pods again', async () => {
    await world.create('late');
    const { status } = await world.podPhase('late', 'Failed');
    assert.deepEqual(
      [status?.reason, status?.message],
      ['NodeShutdown', 'Pod was rejected: Pod was rejected as the node is shutting down.'],
    );
    machine.setShuttingDown(false);
    assert.deepEqual(await untilReady('True'), ['KubeletReady', 'kubelet is posting ready status']);
    await world.passUntil('the next one is held up', () => machine.holds === 1);
    await world.create('next');
    await world.podUntil('next', isReady);
  });

  it('is not what a kubelet thinks that is stopped itself', async () => {
    await world.kubelet.stop();
    await eventually('nothing is held up', () => machine.holds === 0);
    const [attempt] = await world.attemptsAt('next');
    assert.equal(attempt?.status.type, 'running');
    await world.kubelet.start();
    await world.passUntil('it is held up again', () => machine.holds === 1);
    assert.equal((await world.get('next')).status?.phase, 'Running');
    assert.equal((await world.attemptsAt('next')).length, 1);
  });
});
