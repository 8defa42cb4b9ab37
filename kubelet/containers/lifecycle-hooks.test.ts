import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { LifecycleHandler } from '../../api/types/core/v1.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { FakeRuntime } from '../runtime/testing/fake-runtime.ts';
import { containerIn, podOf } from '../testing/make-pod.ts';
import { runHook } from './lifecycle-hooks.ts';

describe('runHook', () => {
  const clock = new FakeClock();
  const runtime = new FakeRuntime({ clock });
  let server: http.Server;
  let port: number;
  const asked: string[] = [];

  before(async () => {
    server = http.createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers['user-agent']}`);
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  const run = (handler: LifecycleHandler, rest: { timeoutMs?: number; signal?: AbortSignal } = {}) => {
    const container = containerIn(podOf({ ports: [{ name: 'web', containerPort: port }] })).spec;
    const input = { container, containerId: 'c', podIp: '127.0.0.1', timeoutMs: 60_000, ...rest };
    return runHook(handler, input, { runtime, clock, userAgent: 'hook' });
  };
  const exec = (script: string) => ({ exec: { command: ['sh', '-c', script] } });

  it('runs a command, and goes by its exit code', async () => {
    assert.equal(await run(exec('exit 0')), true);
    assert.equal(await run(exec('exit 3')), false);
  });

  it('fails a command that takes too long, or that nobody waits for any more', async () => {
    const late = run(exec('while true'), { timeoutMs: 10_000 });
    await clock.advance(10_000);
    assert.equal(await late, false);
    assert.equal(await run(exec('while true'), { signal: AbortSignal.abort() }), false);
  });

  it('fails what the engine cannot run', async () => {
    runtime.fail('exec', 'out of order');
    assert.equal(await run(exec('exit 0')), false);
    runtime.fail('exec', undefined);
  });

  it('asks by HTTP, at a port of the container by its name', async () => {
    assert.equal(await run({ httpGet: { path: '/bye', port: 'web' } }), true);
    assert.deepEqual(asked, ['GET /bye hook']);
    assert.equal(await run({ httpGet: { port: 'none' } }), false);
    assert.equal(await run({ tcpSocket: { port } }), true);
  });

  it('sleeps, but not longer than there is time', async () => {
    for (const [seconds, timeoutMs, wanted] of [
      [5, 60_000, 5_000],
      [90, 60_000, 60_000],
    ] as const) {
      let over = false;
      const hook = run({ sleep: { seconds } }, { timeoutMs }).then((passed) => {
        over = true;
        return passed;
      });
      await clock.advance(wanted - 1);
      assert.equal(over, false);
      await clock.advance(1);
      assert.equal(await hook, true);
    }
  });

  it('has failed when its sleep is cut short', async () => {
    const stop = new AbortController();
    const hook = run({ sleep: { seconds: 5 } }, { signal: stop.signal });
    stop.abort();
    assert.equal(await hook, false);
  });
});
