/** A kubelet that makes room: for critical pods, and where pods take more of the disk than they may. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../api/types/core/v1.ts';
import { container, KubeletWorld } from '../support/kubelet-world.ts';

describe('room on a node', { timeout: 120_000 }, () => {
  let world: KubeletWorld;
  before(async () => {
    world = await KubeletWorld.start();
  });
  after(() => world?.stop());

  const disruptionOf = ({ status }: Pod) => {
    const found = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    return found && [found.status, found.reason, found.message];
  };

  it('is made for a critical pod by ending another one', async () => {
    const cpu = (await world.kubelet.node()).status?.allocatable?.cpu ?? '';
    const asking = (amount: string) => ({
      containers: [container(undefined, { resources: { requests: { cpu: amount } } })],
    });
    await world.create('plain', asking(cpu));
    await world.podPhase('plain', 'Running');
    await world.create('refused', asking('1'));
    assert.equal((await world.podPhase('refused', 'Failed')).status?.reason, 'OutOfcpu');
    await world.create('critical', { ...asking('1'), priorityClassName: 'system-node-critical' });
    await world.podPhase('critical', 'Running');
    const { status, ...plain } = await world.podPhase('plain', 'Failed');
    assert.deepEqual([status?.reason, status?.message], ['Preempting', 'Preempted in order to admit critical pod']);
    assert.deepEqual(disruptionOf({ ...plain, ...(status && { status }) }), [
      'True',
      'TerminationByKubelet',
      'Pod was preempted by Kubelet to accommodate a critical pod.',
    ]);
    assert.deepEqual(await world.messagesOf('plain', 'Preempting'), ['Preempted in order to admit critical pod']);
    for (const name of ['plain', 'refused', 'critical']) {
      await world.remove(name);
      await world.untilGone(name);
    }
  });

  it('is taken back from a pod that writes more than it may, and from no critical one', async () => {
    const limited = (name: string) => ({
      containers: [container(undefined, { name, resources: { limits: { 'ephemeral-storage': '1Mi' } } })],
    });
    world.runtime.playWritten('writes', 2 ** 20 + 1);
    world.runtime.playWritten('fits', 2 ** 20);
    await world.create('greedy', limited('writes'));
    await world.create('modest', limited('fits'));
    await world.create('needed', { ...limited('writes'), priorityClassName: 'system-node-critical' });
    const greedy = await world.podAfterTime('greedy', ({ status }) => status?.phase === 'Failed');
    assert.deepEqual(
      [greedy.status?.reason, greedy.status?.message, disruptionOf(greedy)],
      ['Evicted', 'Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ', undefined],
    );
    await world.pass(60);
    for (const name of ['modest', 'needed']) assert.equal((await world.get(name)).status?.phase, 'Running');
  });
});
