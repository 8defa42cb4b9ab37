import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '../../../base/logger.ts';
import { isRuntimeUnavailable } from '../runtime.ts';
import { DockerRuntime } from './docker-runtime.ts';

/** Plays an engine that takes every connection and says nothing. */
async function withSilentEngine(play: (runtime: DockerRuntime) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-silent-'));
  const socketPath = join(folder, 'docker.sock');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  try {
    await play(new DockerRuntime({ socketPath, nodeName: 'n', logger: silentLogger, requestTimeoutMs: 300 }));
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  }
}

const calls: Readonly<Record<string, (runtime: DockerRuntime) => Promise<unknown>>> = {
  list: (runtime) => runtime.list(),
  inspectContainer: (runtime) => runtime.inspectContainer('a'),
  startContainer: (runtime) => runtime.startContainer('a'),
  startSandbox: (runtime) => runtime.startSandbox('a'),
  stop: (runtime) => runtime.stop('a', 0),
  remove: (runtime) => runtime.remove('a'),
  inspectImage: (runtime) => runtime.inspectImage('a'),
  version: (runtime) => runtime.version(),
};

describe('an engine that says nothing', () => {
  for (const [name, call] of Object.entries(calls))
    it(`lets ${name} end as one that is not there`, async () => {
      await withSilentEngine(async (runtime) => {
        await assert.rejects(call(runtime), isRuntimeUnavailable);
      });
    });
});
