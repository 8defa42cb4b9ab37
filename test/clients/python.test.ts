/** Debian's Python client against the API. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { runPythonChecks } from '../support/python-client.ts';
import { startTestApiServer } from '../support/test-api-server.ts';
import { kubeconfigText } from './kubeconfig-text.ts';
import { signingRequest } from './kubectl/manifests.ts';
import { missingLibraryCommands } from './library-commands.ts';

it('python3-kubernetes shows every command that a library can do', { timeout: 120_000 }, async () => {
  const server = await startTestApiServer();
  try {
    const kubeconfig = join(tmpdir(), `longshore-python-${process.pid}.kubeconfig`);
    await writeFile(kubeconfig, kubeconfigText(server.connection), { mode: 0o600 });
    const held = await runPythonChecks('test/clients/python_client.py', [kubeconfig, signingRequest('py')]);
    assert.deepEqual(missingLibraryCommands(held.map((name) => name.split(': ')[0] ?? '')), []);
  } finally {
    await server.stop();
  }
});
