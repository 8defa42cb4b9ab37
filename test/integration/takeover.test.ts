/** A process that leads and is told to end lets the next one lead at once: it gives its lease back. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { leases } from '../../api/resources/coordination.ts';
import { packageRoot } from '../../base/package-root.ts';
import { kubeconfigText } from '../clients/kubeconfig-text.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('a process that leads', () => {
  let server: TestApiServer;
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    server = await startTestApiServer();
    folder = await mkdtemp(join(tmpdir(), 'longshore-takeover-'));
    kubeconfig = join(folder, 'config');
    await writeFile(kubeconfig, kubeconfigText(server.connection));
  });
  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  for (const component of ['controller-manager', 'scheduler']) {
    it(`gives its lease back when it is told to end: ${component}`, async () => {
      const key = { namespace: 'kube-system', name: `kube-${component}` };
      const holder = async () => (await server.client.get(leases, key)).spec?.holderIdentity;
      const flags = ['--kubeconfig', kubeconfig, '--health-port', '0'];
      const main = join(packageRoot, component, 'main.ts');
      const child = spawn(process.execPath, ['--import', 'tsx', main, ...flags], { cwd: packageRoot, stdio: 'ignore' });
      const exited = once(child, 'exit');
      try {
        await eventually('it leads', async () => (await holder()) !== '');
        child.kill('SIGTERM');
        assert.deepEqual(await exited, [0, null]);
        assert.equal(await holder(), '');
      } finally {
        child.kill('SIGKILL');
        await exited;
      }
    });
  }
});
