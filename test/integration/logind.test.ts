/** Shutdowns as systemd's own programs tell of them, on a bus where logind is played. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Logind } from '../../kubelet/shutdown/logind.ts';
import { eventually } from '../support/eventually.ts';
import { LogindLab } from '../support/logind/logind-lab.ts';
import { childrenOf } from '../support/processes.ts';

describe('logind', { timeout: 120_000 }, () => {
  let lab: LogindLab;
  let logind: Logind;
  before(async () => {
    lab = await LogindLab.start();
    logind = new Logind(lab);
  });
  after(() => lab?.stop());

  it('says how long it waits, and waits longer when a file says so', async () => {
    assert.equal(await logind.longestHoldMs(), 5_000);
    await logind.extendHold(90_000);
    await lab.says('delay 90');
    assert.equal(await logind.longestHoldMs(), 90_000);
    assert.match(
      await readFile(join(lab.configFolder, '99-longshore-kubelet.conf'), 'utf8'),
      /^InhibitDelayMaxSec=90$/m,
    );
  });

  it('gives a lock until it is released, or what has it dies', async () => {
    const hold = await logind.hold();
    await lab.says('lock');
    assert.equal(lab.count('unlock'), 0);
    await hold.release();
    await hold.release();
    await lab.says('unlock');
    await hold.over;
    const lost = await logind.hold();
    const [child = 0] = childrenOf(process.pid, 'systemd-inhibit');
    process.kill(child, 'SIGKILL');
    await lost.over;
  });

  it('tells of a shutdown and that it was cancelled, and gives no lock meanwhile; what others send counts for nothing', async () => {
    const heard: boolean[] = [];
    const stop = new AbortController();
    const following = logind.follow((isShuttingDown) => heard.push(isShuttingDown), stop.signal);
    await eventually('the state is known', () => heard.length > 0);
    assert.equal(heard.includes(true), false);
    const forged = ['--system', 'emit', '/org/freedesktop/login1', 'org.freedesktop.login1.Manager'];
    await eventually('busctl listens', () => heard.length > 1);
    await promisify(execFile)('busctl', [...forged, 'PrepareForShutdown', 'b', 'true'], { env: lab.env });
    lab.tell('shutdown');
    await eventually('it shuts down', () => heard.at(-1) === true);
    assert.equal(heard.filter((one) => one).length, 1);
    await assert.rejects(logind.hold(), /systemd-inhibit: .*in ?progress/i);
    lab.tell('cancel');
    await eventually('it does not', () => heard.at(-1) === false);
    stop.abort();
    await following;
    assert.deepEqual(childrenOf(process.pid, 'busctl'), []);
  });

  it('is missed where there is no bus', async () => {
    const nowhere = new Logind({ env: { ...lab.env, DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nowhere' } });
    await assert.rejects(nowhere.longestHoldMs(), /No such file or directory/);
    await assert.rejects(nowhere.hold(), /systemd-inhibit: .*No such file or directory/);
    await assert.rejects(
      nowhere.follow(() => undefined, new AbortController().signal),
      /No such file or directory/,
    );
    const bare = new Logind({ env: { PATH: '/nowhere' } });
    await assert.rejects(bare.longestHoldMs(), /ENOENT/);
    await assert.rejects(bare.hold(), /ENOENT/);
    await assert.rejects(
      bare.follow(() => undefined, new AbortController().signal),
      /ENOENT/,
    );
  });
});
