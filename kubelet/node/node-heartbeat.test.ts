import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alreadyExists, notFound } from '../../api/status-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { runNodeHeartbeat } from './node-heartbeat.ts';

const resource = { group: 'coordination.k8s.io', plural: 'leases' };

/** A server with at most one lease, which is away when it is told to be. */
class LeaseServer {
  readonly clock = new FakeClock();
  readonly renewed: string[] = [];
  exists = true;
  failure: Error | undefined;

  async patch(_: unknown, key: object, { body }: { readonly body: unknown }): Promise<never> {
    assert.deepEqual(key, { namespace: 'kube-node-lease', name: 'node-1' });
    if (this.failure) throw this.failure;
    if (!this.exists) throw notFound(resource, 'node-1');
    this.renewed.push((body as { spec: { renewTime: string } }).spec.renewTime);
    return {} as never;
  }

  async create(_: unknown, body: object): Promise<never> {
    if (this.exists) throw alreadyExists(resource, 'node-1');
    this.exists = true;
    const { holderIdentity, leaseDurationSeconds } = (body as { spec: Record<string, unknown> }).spec;
    this.renewed.push(`new ${holderIdentity} ${leaseDurationSeconds}`);
    return {} as never;
  }
}

async function beat(server: LeaseServer, act: (pass: (ms: number) => Promise<void>) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const options = { client: server, nodeName: 'node-1', logger: silentLogger, clock: server.clock };
  const run = runNodeHeartbeat(options, stop.signal);
  const settle = async () => {
    for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
  };
  await settle();
  await act(async (ms) => {
    await server.clock.advance(ms);
    await settle();
  });
  stop.abort();
  await run;
}

describe('the heartbeat of a node', () => {
  it('comes at once and every 10 s', async () => {
    const server = new LeaseServer();
    await beat(server, async (pass) => {
      await pass(9_999);
      assert.deepEqual(server.renewed, ['2030-01-01T00:00:00.000000Z']);
      await pass(1);
      assert.deepEqual(server.renewed[1], '2030-01-01T00:00:10.000000Z');
    });
  });

  it('makes the lease where there is none', async () => {
    const server = new LeaseServer();
    server.exists = false;
    await beat(server, async (pass) => {
      await pass(10_000);
      assert.deepEqual(server.renewed, ['new node-1 40', '2030-01-01T00:00:10.000000Z']);
    });
  });

  it('comes again each second while the server is away', async () => {
    const server = new LeaseServer();
    server.failure = new Error('connection refused');
    await beat(server, async (pass) => {
      await pass(1_000);
      server.failure = undefined;
      await pass(1_000);
      assert.deepEqual(server.renewed, ['2030-01-01T00:00:02.000000Z']);
    });
  });
});
