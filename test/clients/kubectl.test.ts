/** Every kubectl that this machine has, against the API server in this process. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { namespaces } from '../../api/core/namespace.ts';
import { serviceAccounts } from '../../api/core/service-account.ts';
import { allKubectls, Kubectl } from '../support/kubectl.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { kubeconfigText } from './kubeconfig-text.ts';
import { kubectlCases, Trial } from './kubectl-cases.ts';
import { kubectlObjectCases } from './kubectl-object-cases.ts';

const binaries = await allKubectls();
assert.ok(binaries.length > 0);

describe('kubectl against the API alone', { concurrency: 2 }, () => {
  let server: TestApiServer;
  const kubeconfig = join(tmpdir(), `longshore-clients-${process.pid}.kubeconfig`);

  before(async () => {
    server = await startTestApiServer();
    await writeFile(kubeconfig, kubeconfigText(server.connection), { mode: 0o600 });
  });

  after(() => server.stop());

  for (const binary of binaries) {
    describe(`kubectl ${binary.version}`, { concurrency: 1 }, () => {
      let trial: Trial;

      before(async () => {
        const namespace = `kubectl-${binary.version.replace('.', '-')}`;
        await server.client.create(namespaces, { metadata: { name: namespace } });
        await server.client.create(serviceAccounts, { metadata: { name: 'default', namespace } });
        trial = new Trial(await Kubectl.open(binary, kubeconfig), server.client, namespace);
      });

      after(() => trial.kubectl.close());

      const cases = [...kubectlCases, ...kubectlObjectCases].filter(
        ({ since = 0 }) => Number(binary.version.split('.')[1]) >= since,
      );
      for (const one of cases) it(one.name, () => one.run(trial));
    });
  }
});
