/** What `npm start` calls before anything is built: it ends with its caller, and one at a time writes into a checkout. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../base/package-root.ts';
import { eventually } from '../support/eventually.ts';

const moduleUrl = pathToFileURL(join(packageRoot, 'setup/run-command.mjs')).href;

describe('commands of setting up', () => {
  let folder: string;
  const started: ChildProcess[] = [];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'longshore-run-command-'));
  });
  after(() => {
    for (const child of started) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  function startCaller(code: string): ChildProcess {
    const text = `import { alone, tryRun } from '${moduleUrl}';\n${code}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(child);
    return child;
  }

  /** A shell that waits for a child of its own, whose process id it writes down. */
  const waiting = (name: string) => `['-c', 'sleep 300 & echo $! > ${name}; wait']`;
  const pidIn = (name: string) => Number(readFileSync(join(folder, name), 'utf8'));
  const written = (name: string) =>
    eventually(`${name} is started`, () => existsSync(join(folder, name)) && pidIn(name) > 0);

  it('a command and what it started end with the process that called it', async () => {
    const caller = startCaller(`await tryRun('sh', ${waiting('one')});`);
    await written('one');
    caller.kill('SIGTERM');
    const [code] = await once(caller, 'exit');
    assert.equal(code, 143);
    await eventually('it is gone', () => !isAlive(pidIn('one')));
  });

  it('a second process waits, also for the command of one that was killed', async () => {
    const work = (what: string) => `await alone('.', { onWait: () => console.log('waits'), work: ${what} });`;
    const first = startCaller(work(`(lock) => tryRun('sh', ${waiting('two')}, { lock })`));
    await written('two');
    first.kill('SIGKILL');
    await once(first, 'exit');
    const second = startCaller(work("() => console.log('works')"));
    let text = '';
    second.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await eventually('the second one says that it waits', () => text === 'waits\n');
    process.kill(pidIn('two'));
    await once(second, 'exit');
    assert.equal(text, 'waits\nworks\n');
  });

  it('says that it still waits', async () => {
    const caller = startCaller(`await tryRun('sleep', ['1'], { onSlow: () => console.log('slow'), slowMs: 400 });`);
    let text = '';
    caller.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await once(caller, 'exit');
    assert.equal(text, 'slow\nslow\n');
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false; // ESRCH
  }
  return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
