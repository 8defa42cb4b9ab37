import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { childrenOf, isAlive } from './processes.ts';

describe('processes', () => {
  it('are found by their parent and program, and are dead once killed', async () => {
    const child = spawn('sleep', ['1000']);
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    assert.deepEqual(childrenOf(process.pid, 'sleep'), [pid]);
    assert.deepEqual(childrenOf(process.pid, 'etcd'), []);
    assert.equal(isAlive(pid), true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(isAlive(pid), false);
  });
});
