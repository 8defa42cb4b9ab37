import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { PodNetworkKeeper } from './pod-network-keeper.ts';

describe('PodNetworkKeeper', () => {
  /** Looks once for each of `looks`: what was repaired, nothing, or why it cannot be. */
  async function keep(...looks: readonly (string | undefined | Error)[]) {
    const left = [...looks];
    const stop = new AbortController();
    const told: string[] = [];
    const troubles: (string | undefined)[] = [];
    const keeper: PodNetworkKeeper = new PodNetworkKeeper({
      runtime: {
        async ensureNetwork() {
          const look = left.shift();
          if (left.length === 0) stop.abort();
          if (look instanceof Error) throw look;
          return look;
        },
      },
      recorder: { record: (_, { reason, message }) => told.push(`${reason}: ${message}`) },
      clock: { now: () => 0, monotonic: () => 0, sleep: async () => {} },
      logger: silentLogger,
      nodeName: 'w1',
      onChange: () => troubles.push(keeper.trouble),
    });
    await keeper.start('10.244.1.0/24');
    await keeper.run(stop.signal);
    return { told, troubles };
  }

  it('says nothing while all is well', async () => {
    assert.deepEqual(await keep(undefined, undefined, undefined), { told: [], troubles: [] });
  });

  it('tells what was mended', async () => {
    const { told, troubles } = await keep(undefined, 'the bridge was down and was mended');
    assert.deepEqual(told, ['PodNetworkMended: the bridge was down and was mended']);
    assert.deepEqual(troubles, []);
  });

  it('says once what cannot be mended, and that it is over', async () => {
    const broken = new Error('no room');
    const { told, troubles } = await keep(undefined, broken, broken, 'the bridge was deleted and was mended');
    assert.deepEqual(told, [
      'PodNetworkBroken: the pod network is broken: no room',
      'PodNetworkMended: the bridge was deleted and was mended',
    ]);
    assert.deepEqual(troubles, ['the pod network is broken: no room', undefined]);
  });
});
