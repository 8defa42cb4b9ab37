import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { freeSocket } from './dead-socket.ts';

describe('freeSocket', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-socket-'));
    path = join(folder, 'client:0');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('removes what a killed process left', async () => {
    const dies = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    assert.equal(spawnSync(process.execPath, ['-e', dies, path]).signal, 'SIGKILL');
    assert.equal(existsSync(path), true);
    assert.equal(await freeSocket(path), true);
    assert.equal(existsSync(path), false);
  });

  it('leaves one that is in use', async () => {
    const server = net.createServer().listen(path);
    await once(server, 'listening');
    try {
      assert.equal(await freeSocket(path), false);
      assert.equal(existsSync(path), true);
    } finally {
      server.close();
    }
  });

  it('takes what is not there for free', async () => {
    assert.equal(await freeSocket(path), true);
  });
});
