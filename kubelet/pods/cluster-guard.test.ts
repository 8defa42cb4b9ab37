import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import { serviceUnavailable } from '../../api/status-error.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { eventually } from '../../test/support/eventually.ts';
import { ClusterGuard } from './cluster-guard.ts';

describe('ClusterGuard', () => {
  /** A cluster whose API server says whatever `answers` has next, the last of it for ever. */
  function guardOf(...answers: readonly (string | Error)[]) {
    const left = [...answers];
    const client = {
      async get<T extends KubernetesObject>(): Promise<Stored<T>> {
        const answer = left.length > 1 ? left.shift() : left[0];
        if (answer instanceof Error) throw answer;
        return { metadata: { uid: answer } } as unknown as Stored<T>;
      },
    };
    // Only the retries: the long wait for work ends with it.
    const clock = {
      now: () => 0,
      monotonic: () => 0,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          signal?.addEventListener('abort', () => resolve(), { once: true });
          if (ms <= 1_000) setImmediate(resolve);
        }),
    };
    const troubles: (string | undefined)[] = [];
    const guard: ClusterGuard = new ClusterGuard({
      client,
      clock,
      logger: silentLogger,
      onChange: () => troubles.push(guard.trouble),
    });
    return { guard, troubles };
  }

  async function endedOf(guard: ClusterGuard, gone: readonly string[]): Promise<string[]> {
    const stop = new AbortController();
    const ended: string[] = [];
    const run = guard.run((uids) => ended.push(...uids), stop.signal);
    for (const uid of gone) guard.podGone(uid);
    await eventually('all are handed over', () => ended.length === gone.length);
    stop.abort();
    await run;
    return ended;
  }

  it('hands over what is gone when our cluster says so', async () => {
    const { guard, troubles } = guardOf('a');
    assert.equal(await guard.meet(), 'a');
    assert.deepEqual(await endedOf(guard, ['1', '2']), ['1', '2']);
    assert.deepEqual(troubles, []);
  });

  it('waits while another cluster says so, or nobody, and says why', async () => {
    const { guard, troubles } = guardOf('a', serviceUnavailable('away'), 'b', 'b', 'a');
    await guard.meet();
    assert.deepEqual(await endedOf(guard, ['1']), ['1']);
    assert.deepEqual(troubles, ['the API server is that of cluster b, not of a: nothing is ended here', undefined]);
  });

  it('ends with the signal while the API server stays silent', { timeout: 60_000 }, async () => {
    const stop = new AbortController();
    const client = { get: () => new Promise<never>(() => {}) };
    const guard = new ClusterGuard({ client, clock: systemClock, logger: silentLogger, onChange: () => {} });
    const answer = guard.confirm(stop.signal);
    stop.abort();
    assert.equal(await answer, false);
  });
});
