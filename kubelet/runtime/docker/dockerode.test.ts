import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../../base/package-root.ts';

const run = promisify(execFile);

describe('loadDockerode', () => {
  // In a process of its own: the modules that others loaded are in this one.
  it('gives dockerode, without gRPC and SSH', async () => {
    const program = `
      import { createRequire } from 'node:module';
      import { loadDockerode } from './kubelet/runtime/docker/dockerode.ts';
      const Docker = loadDockerode();
      const engine = new Docker({ socketPath: '/nowhere/docker.sock' });
      const { code } = await engine.ping().catch((error) => error);
      const loaded = Object.keys(createRequire(import.meta.url).cache);
      const left = loaded.filter((path) => /node_modules.(@grpc|protobufjs|ssh2)/.test(path));
      console.log(JSON.stringify({ code, left, container: typeof engine.getContainer('x').start }));
    `;
    const flags = ['--import', 'tsx', '--input-type=module', '--eval', program];
    const { stdout } = await run(process.execPath, flags, { cwd: packageRoot });
    assert.deepEqual(JSON.parse(stdout), { code: 'ENOENT', left: [], container: 'function' });
  });
});
