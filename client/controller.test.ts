import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serviceUnavailable } from '../api/status-error.ts';
import { type Logger, silentLogger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { Controller } from './controller.ts';
import { ControllerMetrics } from './controller-metrics.ts';
import { type Reconciler, TerminalError } from './reconciler.ts';

const soon = () => new Promise(setImmediate);

function start(reconcile: Reconciler['reconcile'], workers = 1, logger: Logger = silentLogger) {
  const clock = new FakeClock();
  const metrics = new Metrics();
  const controller = new Controller({
    name: 'test',
    reconciler: { reconcile },
    workers,
    logger,
    metrics: new ControllerMetrics(metrics),
    clock,
  });
  const stopping = new AbortController();
  const running = controller.run(stopping.signal);
  const stop = async () => {
    stopping.abort();
    await running;
  };
  return { clock, metrics, controller, stop };
}

describe('controller', () => {
  it('tries again after a failure, and counts both', async () => {
    let calls = 0;
    const { controller, clock, metrics, stop } = start(async () => {
      calls += 1;
      if (calls < 3) throw new Error('not yet');
      return {};
    });
    controller.add('a');
    await soon();
    assert.equal(calls, 1);
    await clock.advance(1_000);
    assert.equal(calls, 3);
    const text = await metrics.text();
    assert.match(text, /controller_reconcile_total\{controller="test",result="error"\} 2/);
    assert.match(text, /controller_reconcile_total\{controller="test",result="success"\} 1/);
    await stop();
  });

  it('never waits long for a server that is out of reach', async () => {
    let calls = 0;
    const { controller, clock, stop } = start(() => {
      calls += 1;
      return Promise.reject(serviceUnavailable('away'));
    });
    controller.add('a');
    await soon();
    await clock.advance(300_000);
    assert.ok(calls > 55, `${calls} tries in five minutes`);
    await stop();
  });

  it('gives up on what no retry mends, until its key is added again', async () => {
    let calls = 0;
    const { controller, clock, metrics, stop } = start(() => {
      calls += 1;
      return Promise.reject(new TerminalError('no such schedule'));
    });
    controller.add('a');
    await soon();
    await clock.advance(3_600_000);
    assert.equal(calls, 1);
    assert.match(await metrics.text(), /controller_reconcile_total\{controller="test",result="terminal_error"\} 1/);
    controller.add('a');
    await soon();
    assert.equal(calls, 2);
    await stop();
  });

  it('logs once why nothing can be done about a key, until that is another reason or it could be done', async () => {
    const logged: string[] = [];
    const warn = (_: string, fields?: object) => {
      logged.push(JSON.stringify(fields));
    };
    const logger: Logger = { ...silentLogger, warn, child: () => logger };
    let why: string | undefined;
    const reconcile = () => (why === undefined ? Promise.resolve({}) : Promise.reject(new TerminalError(why)));
    const { controller, stop } = start(reconcile, 1, logger);
    for (const [next, count] of [
      ['a', 1],
      ['a', 1],
      ['b', 2],
      ['b', 2],
      [undefined, 2],
      ['b', 3],
    ] as const) {
      why = next;
      controller.add('key');
      await soon();
      assert.equal(logged.length, count);
    }
    await stop();
  });

  it('looks again when the reconciler asks for it', async () => {
    let calls = 0;
    const { controller, clock, stop } = start(async () => {
      calls += 1;
      return { requeueAfterMs: 1_000 };
    });
    controller.add('a');
    await soon();
    await clock.advance(3_000);
    assert.equal(calls, 4);
    await stop();
    assert.equal(clock.sleeping, 0);
  });

  it('works on several keys at once, never twice on one, and ends only when its workers have', async () => {
    const working = new Set<string>();
    const release: (() => void)[] = [];
    let most = 0;
    const { controller, stop } = start(async (key) => {
      assert.ok(!working.has(key));
      working.add(key);
      most = Math.max(most, working.size);
      await new Promise<void>((resolve) => release.push(resolve));
      working.delete(key);
      return {};
    }, 3);
    for (const key of ['a', 'b', 'c', 'd', 'a']) controller.add(key);
    await soon();
    assert.equal(most, 3);
    const stopped = stop();
    await soon();
    assert.equal(working.size, 3);
    for (const resolve of release) resolve();
    await stopped;
    assert.equal(working.size, 0);
  });
});
