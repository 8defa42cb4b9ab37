/** Every kubectl that this machine has, against the API server in this process. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { namespaces, serviceAccounts } from '../../api/resources/core.ts';
import { allKubectls, Kubectl } from '../support/kubectl.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { kubeconfigText } from './kubeconfig-text.ts';
import { accessCases } from './kubectl/access-cases.ts';
import { applyCases } from './kubectl/apply-cases.ts';
import { changeCases } from './kubectl/change-cases.ts';
import { apiCommands, missingCommands } from './kubectl/commands.ts';
import { createCases } from './kubectl/create-cases.ts';
import { nodeAndPodCases } from './kubectl/node-and-pod-cases.ts';
import { readCases } from './kubectl/read-cases.ts';
import { Trial } from './kubectl/trial.ts';
import { waitAndDeleteCases } from './kubectl/wait-and-delete-cases.ts';

const binaries = await allKubectls();
assert.ok(binaries.length > 0);
const cases = [
  ...readCases,
  ...createCases,
  ...applyCases,
  ...changeCases,
  ...waitAndDeleteCases,
  ...nodeAndPodCases,
  ...accessCases,
];

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

      const minor = Number(binary.version.split('.')[1]);
      for (const one of cases.filter(({ since = 0 }) => minor >= since)) it(one.name, () => one.run(trial));

      it('has shown every command that there is', () => {
        assert.deepEqual(missingCommands(apiCommands, trial.shown, minor), []);
      });
    });
  }
});
