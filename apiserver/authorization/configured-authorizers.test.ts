import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dump } from 'js-yaml';
import { silentLogger } from '../../base/logger.ts';
import { Metrics } from '../../base/metrics.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { Authorizer } from './authorizer.ts';
import { ConfiguredAuthorizers, readSettingsFile } from './configured-authorizers.ts';

const action = { user: { name: 'ann', groups: [] }, verb: 'get', path: '/x' };
const builtIn: Readonly<Record<'Node' | 'RBAC', Authorizer>> = {
  Node: { name: 'Node', authorize: () => ({ decision: 'noOpinion', reason: 'node' }) },
  RBAC: { name: 'RBAC', authorize: () => ({ decision: 'allow', reason: 'roles' }) },
};
const configuration = (...types: string[]) =>
  dump({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthorizationConfiguration',
    authorizers: types.map((type) => ({ type, name: type.toLowerCase() })),
  });

describe('the authorizers of a configuration', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-authorization-'));
    file = join(folder, 'authorization.yaml');
  });
  after(() => rm(folder, { recursive: true }));

  it('are others when the file changes, unless it is wrong', async () => {
    await writeFile(file, configuration('Node', 'RBAC'));
    const clock = new FakeClock();
    const stopping = new AbortController();
    const metrics = new Metrics();
    const configured = new ConfiguredAuthorizers({
      ...{ initial: await readSettingsFile(file), file, builtIn, clock, metrics },
      ...{ logger: silentLogger, stopping: stopping.signal },
    });
    const following = configured.follow();
    const reread = async (text: string, counted: RegExp) => {
      await writeFile(file, text);
      await eventually('it sleeps', () => clock.sleeping === 1);
      await clock.advance(10_000);
      await eventually('it is read', async () => counted.test(await metrics.text()));
      return await configured.authorize(action);
    };
    assert.deepEqual(await configured.authorize(action), { decision: 'allow', reason: 'roles' });
    assert.deepEqual(await reread(configuration('Node', 'AlwaysDeny'), /reloads_total\{status="success"\} 1/), {
      decision: 'noOpinion',
      reason: 'node\nEverything is forbidden.',
    });
    assert.equal((await reread('authorizers: [', /reloads_total\{status="failure"\} 1/)).decision, 'noOpinion');
    assert.equal((await reread(configuration(), /reloads_total\{status="failure"\} 2/)).decision, 'noOpinion');
    assert.equal((await reread(configuration('RBAC'), /reloads_total\{status="success"\} 2/)).decision, 'allow');
    assert.match(await metrics.text(), /decisions_total\{type="RBAC",name="rbac",decision="allowed"\} 2/);
    stopping.abort();
    await following;
  });

  it('are refused with the name of the file, and nothing that is in a kubeconfig', async () => {
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, 'users: [{name: a, user: {token: hidden-word}}');
    const webhook = {
      timeout: '3s',
      failurePolicy: 'Deny',
      subjectAccessReviewVersion: 'v1',
      connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: kubeconfig },
    };
    const authorizers = [{ type: 'Webhook', name: 'a', webhook }];
    await writeFile(
      file,
      dump({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers }),
    );
    await assert.rejects(readSettingsFile(file), ({ message }: Error) => {
      assert.equal(
        message,
        `${file}: authorizers[0].webhook.connectionInfo.kubeConfigFile ${kubeconfig}: neither YAML nor JSON`,
      );
      return true;
    });
  });
});
