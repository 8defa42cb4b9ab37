/**
 * Streams of kubecfg, and of the oldest and the newest kubectl that this machine has, on a whole cluster. With
 * LONGSHORE_ALL_KUBECTLS=1 those between them, too, which takes some minutes.
 */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readKubeconfig } from '../../../client/kubeconfig.ts';
import { clusterCommands, missingCommands } from '../../clients/kubectl/commands.ts';
import { Trial } from '../../clients/kubectl/trial.ts';
import { TestKubecfg } from '../../support/kubecfg.ts';
import { allKubectls, Kubectl } from '../../support/kubectl.ts';
import { type KubecfgTrial, kubecfgCases } from './kubecfg-cases.ts';
import { terminalCases } from './kubecfg-terminal-cases.ts';
import { commandCases } from './kubectl-command-cases.ts';
import { forwardCases } from './kubectl-forward-cases.ts';
import { namespace, StreamingCluster } from './streaming-cluster.ts';

const all = await allKubectls();
const binaries =
  process.env.LONGSHORE_ALL_KUBECTLS === '1' ? all : all.filter((_, index) => index === 0 || index === all.length - 1);

describe('streaming commands of kubectl', () => {
  let target: StreamingCluster;

  before(async () => {
    target = await StreamingCluster.start();
  });
  after(() => target.remove());

  describe('kubecfg', () => {
    let trial: KubecfgTrial;

    before(async () => {
      const kubecfg = await TestKubecfg.open(await readKubeconfig(target.kubeconfig));
      trial = { kubecfg, target, folder: await mkdtemp(join(tmpdir(), 'longshore-kubecfg-streams-')) };
    });
    after(async () => {
      await trial.kubecfg.close();
      await rm(trial.folder, { recursive: true });
    });

    for (const one of [...kubecfgCases, ...terminalCases]) it(one.name, { timeout: 60_000 }, () => one.run(trial));
  });

  for (const binary of binaries) {
    describe(`kubectl ${binary.version}`, () => {
      let trial: Trial;
      let folder: string;
      const minor = Number(binary.version.split('.')[1]);

      before(async () => {
        trial = new Trial(await Kubectl.open(binary, target.kubeconfig), target.cluster.client, namespace);
        folder = await mkdtemp(join(tmpdir(), 'longshore-streams-'));
      });
      after(async () => {
        await trial.kubectl.close();
        await rm(folder, { recursive: true });
      });

      for (const one of [...commandCases, ...forwardCases].filter(({ since = 0 }) => minor >= since)) {
        it(one.name, { timeout: 60_000 }, () => one.run({ trial, target, folder, file: `/tmp/of-${trial.suffix}` }));
      }

      it('has shown every command that there is', () => {
        assert.deepEqual(missingCommands(clusterCommands, trial.shown, minor), []);
      });
    });
  }
});
