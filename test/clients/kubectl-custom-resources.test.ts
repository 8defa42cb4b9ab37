/** The oldest and the newest kubectl that this machine has, on custom resources, against the API server in this process. */

import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { namespaces } from '../../api/resources/core.ts';
import { allKubectls, Kubectl } from '../support/kubectl.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { kubeconfigText } from './kubeconfig-text.ts';
import { customResourceCases } from './kubectl/custom-resource-cases.ts';
import { Trial } from './kubectl/trial.ts';

const all = await allKubectls();
const binaries = new Set([...all.slice(0, 1), ...all.slice(-1)]);

describe('kubectl on custom resources', { concurrency: 2 }, () => {
  let server: TestApiServer;
  const kubeconfig = join(tmpdir(), `longshore-custom-${process.pid}.kubeconfig`);

  before(async () => {
    server = await startTestApiServer();
    await writeFile(kubeconfig, kubeconfigText(server.connection), { mode: 0o600 });
  });

  after(async () => {
    await server.stop();
    await rm(kubeconfig);
  });

  for (const binary of binaries) {
    describe(`kubectl ${binary.version}`, { concurrency: 1 }, () => {
      let trial: Trial;

      before(async () => {
        const namespace = `kubectl-${binary.version.replace('.', '-')}`;
        await server.client.create(namespaces, { metadata: { name: namespace } });
        trial = new Trial(await Kubectl.open(binary, kubeconfig), server.client, namespace);
      });

      after(() => trial.kubectl.close());

      const minor = Number(binary.version.split('.')[1]);
      for (const one of customResourceCases.filter(({ since = 0 }) => minor >= since))
        it(one.name, () => one.run(trial));
    });
  }
});
