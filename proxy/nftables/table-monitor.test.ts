import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { TableMonitor } from './table-monitor.ts';

describe('TableMonitor', () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, sleep: async () => {} };
  const generation = '# new generation 7 by process 4711 (nft)';
  function listen() {
    let changes = 0;
    const onChange = () => {
      changes += 1;
    };
    const monitor = new TableMonitor({ table: 'longshore', onDisturbance: onChange, logger: silentLogger, clock });
    const hear = (...lines: string[]) => {
      for (const line of [...lines, generation]) monitor.hear(line);
    };
    return { monitor, hear, changes: () => changes };
  }

  it('takes what nobody here did for a disturbance, once', () => {
    const { monitor, hear, changes } = listen();
    hear('delete table ip longshore');
    assert.equal(changes(), 1);
    assert.deepEqual([monitor.takeDisturbance(), monitor.takeDisturbance()], [true, false]);
  });

  it('knows its own transactions, announced before or after they are done', () => {
    const { monitor, hear } = listen();
    monitor.noteOwn();
    hear('add rule ip longshore svc-1 accept');
    hear('add element ip longshore services { 10.96.0.1 . tcp . 443 : goto svc-1 }');
    monitor.noteOwn();
    assert.equal(monitor.takeDisturbance(), false);
    hear('flush chain ip longshore services', 'delete chain ip longshore services');
    assert.equal(monitor.takeDisturbance(), true);
  });

  it('does not care for other tables', () => {
    const { monitor, hear, changes } = listen();
    hear('add table ip longshore2', 'add rule ip filter FORWARD accept', 'add chain ip6 longshore services');
    assert.equal(changes(), 0);
    assert.equal(monitor.takeDisturbance(), false);
  });

  it('assumes a change when the monitor lost something', () => {
    const { monitor, changes } = listen();
    monitor.hear('# ERROR: We lost some netlink events!');
    assert.equal(changes(), 1);
    assert.equal(monitor.takeDisturbance(), true);
  });

  it('forgives an announcement that never came', () => {
    const { monitor, hear } = listen();
    monitor.noteOwn();
    now += 10_000;
    assert.equal(monitor.takeDisturbance(), false);
    hear('flush table ip longshore');
    assert.equal(monitor.takeDisturbance(), true);
  });
});
