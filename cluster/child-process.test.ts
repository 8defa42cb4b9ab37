import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { silentLogger } from '../base/logger.ts';
import { eventually } from '../test/support/eventually.ts';
import { type ChildOptions, startChild } from './child-process.ts';

describe('startChild', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-child-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A shell that adds its process id to a file, and then does what `script` says. */
  const shell = (script: string, more: Partial<ChildOptions> = {}): ChildOptions => ({
    name: 'child',
    command: 'sh',
    arguments: ['-c', `echo $$ >>pids; ${script}`],
    cwd: folder,
    logFile: join(folder, 'log'),
    logger: silentLogger,
    isReady: async () => (await pids()).length > 0,
    ...more,
  });

  async function pids(): Promise<number[]> {
    try {
      return (await readFile(join(folder, 'pids'), 'utf8')).trim().split('\n').map(Number);
    } catch {
      return []; // not started yet
    }
  }
  const isAlive = (pid: number | undefined): boolean => {
    try {
      return pid !== undefined && process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it('is ended by stop, gently first', async () => {
    const child = await startChild(shell(`sleep 1000 & trap 'kill $!; echo bye; exit' TERM; wait`));
    const [pid] = await pids();
    assert.ok(isAlive(pid));
    await child.stop();
    await child.done;
    assert.ok(!isAlive(pid));
    assert.equal(await readFile(join(folder, 'log'), 'utf8'), 'bye\n');
  });

  it('is started again when it dies', async () => {
    const child = await startChild(shell('exec sleep 1000'));
    const [first] = await pids();
    process.kill(first ?? 0, 'SIGKILL');
    await eventually('a second process', async () => isAlive((await pids())[1]));
    await child.stop();
    assert.deepEqual((await pids()).filter(isAlive), []);
  });

  it('is prepared before every start, and tried again when that fails', async () => {
    let starts = 0;
    const child = await startChild(
      shell('exec sleep 1000', {
        async prepare() {
          starts += 1;
          if (starts === 2) throw new Error('not yet');
        },
      }),
    );
    process.kill((await pids())[0] ?? 0, 'SIGKILL');
    await eventually('a second process', async () => isAlive((await pids())[1]));
    await child.stop();
    assert.equal(starts, 3);
  });

  it('is waited for as long as it works', async () => {
    const options = shell('for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done; touch ready; exec sleep 1000', {
      isReady: async () => existsSync(join(folder, 'ready')),
      idleLimitMs: 600,
    });
    await (await startChild(options)).stop();
  });

  it('advises by what was said', async () => {
    const options = shell('echo the disk is full; exit 3', {
      isReady: async () => false,
      advice: (words) => (words.includes('full') ? 'Make room.' : ''),
    });
    await assert.rejects(startChild(options), /the disk is full\nMake room\.$/);
  });

  it('says what it wrote last when it does not start', async () => {
    const options = shell('echo the disk is full; exit 3', { isReady: async () => false });
    await assert.rejects(
      startChild(options),
      /child does not start \(exit code 3\)\. The end of its output, in .*log:\nthe disk is full/,
    );
  });

  it('says so when it never gets ready', async () => {
    const options = shell('echo thinking; exec sleep 1000', { isReady: async () => false, idleLimitMs: 300 });
    await assert.rejects(startChild(options), /child does not answer\. The end of its output, in .*log:\nthinking/);
    assert.deepEqual((await pids()).filter(isAlive), [], 'and is not left running');
  });

  it('names a program that there is not', async () => {
    const options = shell('', { command: 'no-such-program', isReady: async () => false });
    await assert.rejects(startChild(options), /child does not start[\s\S]*no-such-program/);
  });
});
