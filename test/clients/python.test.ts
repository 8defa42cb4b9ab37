/** Debian's Python client against the API. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../base/package-root.ts';
import { startTestApiServer } from '../support/test-api-server.ts';
import { kubeconfigText } from './kubeconfig-text.ts';

it('python3-kubernetes creates, patches, watches, scales and deletes', { timeout: 120_000 }, async () => {
  const server = await startTestApiServer();
  try {
    const kubeconfig = join(tmpdir(), `longshore-python-${process.pid}.kubeconfig`);
    await writeFile(kubeconfig, kubeconfigText(server.connection), { mode: 0o600 });
    // Debian's own interpreter: only it sees Debian's packages.
    const script = join(packageRoot, 'test/clients/python_client.py');
    const { stdout } = await promisify(execFile)('/usr/bin/python3', [script, kubeconfig]);
    assert.equal(stdout.match(/^ok /gm)?.length, 9, stdout);
  } finally {
    await server.stop();
  }
});
