import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { leases } from '../../api/resources/coordination.ts';
import { serviceUnavailable } from '../../api/status-error.ts';
import type { Clock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { LeaderElection, type LeaderElectionOptions } from '../../client/leader-election.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('leader election', () => {
  let server: TestApiServer;
  let clock: FakeClock;
  let lease = { namespace: 'kube-system', name: '' };
  let count = 0;
  before(async () => {
    server = await startTestApiServer();
  });
  after(() => server.stop());
  beforeEach(() => {
    clock = new FakeClock();
    count += 1;
    lease = { namespace: 'kube-system', name: `lease-${count}` };
  });

  interface Candidate {
    readonly election: LeaderElection;
    /** How often its work began and ended. */
    readonly log: string[];
    stop(): Promise<void>;
  }

  function candidate(
    identity: string,
    client: LeaderElectionOptions['client'] = server.client,
    ownClock: Clock = clock,
  ): Candidate {
    const election = new LeaderElection({ client, lease, identity, logger: silentLogger, clock: ownClock });
    const log: string[] = [];
    const stopping = new AbortController();
    const running = election.run(async (signal) => {
      log.push('begin');
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      log.push('end');
    }, stopping.signal);
    return {
      election,
      log,
      async stop() {
        stopping.abort();
        await running;
      },
    };
  }

  it('does not mind wall clocks that jump', async () => {
    let jumpMs = 0;
    const jumping: Clock = {
      now: () => clock.now() + jumpMs,
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    const [a, b] = [candidate('a', server.client, jumping), candidate('b', server.client, jumping)];
    await pass(1_000);
    const leader = await holder();
    for (const next of [86_400_000, -3_600_000]) {
      jumpMs = next;
      await pass(20_000);
    }
    assert.equal(await holder(), leader);
    assert.deepEqual([a.log, b.log].sort(), [[], ['begin']]);
    await Promise.all([a.stop(), b.stop()]);
  });

  const holder = async () => (await server.client.get(leases, lease)).spec?.holderIdentity;
  /** Lets time pass in small steps, with the requests of each step answered. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      await clock.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it('lets one of two lead, and the other when the first stops, at once', async () => {
    const a = candidate('a');
    await eventually('a leads', () => a.election.leading);
    const b = candidate('b');
    await pass(30_000);
    assert.deepEqual([a.election.leading, b.election.leading, await holder()], [true, false, 'a']);
    await a.stop();
    assert.deepEqual(a.log, ['begin', 'end']);
    assert.equal(await holder(), '');
    await pass(3_000);
    assert.ok(b.election.leading);
    assert.equal((await server.client.get(leases, lease)).spec?.leaseTransitions, 1);
    await b.stop();
  });

  it('takes a lease over that nobody renews, but only after watching it for its whole duration', async () => {
    const spec = { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2001-01-01T00:00:00.000000Z' };
    await server.client.create(leases, { metadata: lease, spec });
    const a = candidate('a');
    await pass(13_000);
    assert.ok(!a.election.leading);
    await pass(5_000);
    assert.ok(a.election.leading);
    await a.stop();
  });

  it('goes on at once when it comes back with the identity that holds the lease', async () => {
    const spec = { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2001-01-01T00:00:00.000000Z' };
    await server.client.create(leases, { metadata: lease, spec });
    const a = candidate('a');
    await eventually('a leads', () => a.election.leading);
    await a.stop();
  });

  it('stops its work before anybody else may begin when it cannot renew, even when requests hang', async () => {
    let broken: 'no' | 'refused' | 'hangs' = 'no';
    const hanging: (() => void)[] = [];
    const client: LeaderElectionOptions['client'] = {
      get: (kind, key) => server.client.get(kind, key),
      create: (kind, object) => server.client.create(kind, object),
      update(kind, object) {
        if (broken === 'hangs') {
          return new Promise((_, reject) => hanging.push(() => reject(serviceUnavailable('timed out'))));
        }
        if (broken === 'refused') return Promise.reject(serviceUnavailable('broken'));
        return server.client.update(kind, object);
      },
    };
    for (const how of ['refused', 'hangs'] as const) {
      broken = 'no';
      const a = candidate('a', client);
      await eventually('a leads', () => a.election.leading);
      await pass(4_000);
      broken = how;
      await pass(7_000);
      assert.deepEqual(a.log, ['begin'], 'a short break does no harm');
      await pass(5_000);
      assert.deepEqual(a.log, ['begin', 'end']);
      await pass(10_000);
      broken = 'no';
      for (const timeOut of hanging.splice(0)) timeOut();
      await a.stop();
    }
  });

  it('gives the lease back although a renewal is still under way', async () => {
    let answer: (() => void) | undefined;
    let isSlow = false;
    const client: LeaderElectionOptions['client'] = {
      get: (kind, key) => server.client.get(kind, key),
      create: (kind, object) => server.client.create(kind, object),
      async update(kind, object) {
        const updated = await server.client.update(kind, object);
        if (isSlow)
          await new Promise<void>((resolve) => {
            answer = resolve;
          });
        return updated;
      },
    };
    const a = candidate('a', client);
    await eventually('a leads', () => a.election.leading);
    isSlow = true;
    await pass(2_500);
    await eventually('a renewal is written, and not answered', () => answer !== undefined);
    isSlow = false;
    await a.stop();
    assert.equal(await holder(), '');
    answer?.();
  });

  it('ends with the error of its work, and gives the lease back', async () => {
    const election = new LeaderElection({ client: server.client, lease, identity: 'a', logger: silentLogger, clock });
    const run = election.run(() => Promise.reject(new Error('broken')), new AbortController().signal);
    await assert.rejects(run, /broken/);
    assert.equal(await holder(), '');
  });

  it('refuses a deadline that is not shorter than the duration', () => {
    const options = { client: server.client, lease, identity: 'a', logger: silentLogger };
    assert.throws(() => new LeaderElection({ ...options, renewDeadlineMs: 20_000 }), /must be below/);
  });
});
