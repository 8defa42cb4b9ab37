/** The machine was started anew, and the container runtime does not answer: what the node says, and what becomes of pods. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { events, nodes } from '../../api/resources/core.ts';
import type { Event } from '../../api/types/core/v1.ts';
import { eventually } from '../support/eventually.ts';
import { container, isReady, KubeletWorld, patient, statusOf, stubborn } from '../support/kubelet-world.ts';

describe('a machine that was started anew', { timeout: 240_000 }, () => {
  let world: KubeletWorld;

  before(async () => {
    world = await KubeletWorld.start();
  });
  after(() => world.stop());

  it('is told of, and its pods run again, each container counted once', async () => {
    await world.create('pair', { containers: [container(), container(patient, { name: 'd' })] });
    await world.create('once', { restartPolicy: 'Never', containers: [container(stubborn)] });
    await world.podAfterTime('pair', isReady);
    await world.podAfterTime('once', isReady);
    await world.kubelet.stop();
    const { containers, sandboxes } = await world.runtime.list();
    for (const { id } of containers) world.runtime.exit(id, 137);
    for (const { id } of sandboxes) await world.runtime.stop(id, 0);
    const body = { status: { nodeInfo: { bootID: 'before' } } };
    await world.server.client.patch(nodes, { name: 'node-1' }, { type: 'merge', body }, { subresource: 'status' });
    await world.kubelet.start();
    const pair = await world.podAfterTime('pair', (pod) => isReady(pod) && statusOf(pod)?.restartCount === 1);
    assert.equal(statusOf(pair, 'd')?.restartCount, 1);
    const once = await world.podAfterTime('once', ({ status }) => status?.phase === 'Failed');
    assert.equal(statusOf(once)?.restartCount, 0);
    const told = await eventually('the event', async () => {
      const { items } = await world.server.client.list<Event>(events, {
        namespace: 'default',
        fieldSelector: 'reason=Rebooted',
      });
      return items.length > 0 && items;
    });
    const { status } = await world.kubelet.node();
    assert.deepEqual(
      told.map(({ message, type }) => [type, message]),
      [['Warning', `Node node-1 has been rebooted, boot id: ${status?.nodeInfo?.bootID}`]],
    );
    assert.notEqual(status?.nodeInfo?.bootID, 'before');
  });
});
