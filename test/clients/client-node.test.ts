/** The official JavaScript client against the API: typed calls, patches, server-side apply, informers. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as k8s from '@kubernetes/client-node';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { kubeconfigText } from './kubeconfig-text.ts';

describe('@kubernetes/client-node', () => {
  let server: TestApiServer;
  let config: k8s.KubeConfig;
  let core: k8s.CoreV1Api;
  let apps: k8s.AppsV1Api;
  const namespace = 'default';

  before(async () => {
    server = await startTestApiServer();
    config = new k8s.KubeConfig();
    config.loadFromString(kubeconfigText(server.connection));
    core = config.makeApiClient(k8s.CoreV1Api);
    apps = config.makeApiClient(k8s.AppsV1Api);
  });

  after(() => server.stop());

  it('creates, reads, replaces, lists by label and deletes', async () => {
    const made = await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'js', labels: { from: 'js' } }, data: { a: '1' } },
    });
    assert.ok(made.metadata?.uid);
    await core.replaceNamespacedConfigMap({ namespace, name: 'js', body: { ...made, data: { a: '2' } } });
    assert.deepEqual((await core.readNamespacedConfigMap({ namespace, name: 'js' })).data, { a: '2' });
    const listed = await core.listNamespacedConfigMap({ namespace, labelSelector: 'from=js' });
    assert.deepEqual(
      listed.items.map((item) => item.metadata?.name),
      ['js'],
    );
    await core.deleteNamespacedConfigMap({ namespace, name: 'js' });
    await assert.rejects(core.readNamespacedConfigMap({ namespace, name: 'js' }), { code: 404 });
  });

  it('says Conflict for an old version and Invalid for a bad field', async () => {
    const made = await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'raced' }, data: {} } });
    await core.replaceNamespacedConfigMap({ namespace, name: 'raced', body: { ...made, data: { first: 'yes' } } });
    await assert.rejects(
      core.replaceNamespacedConfigMap({ namespace, name: 'raced', body: { ...made, data: { second: 'no' } } }),
      { code: 409 },
    );
    await assert.rejects(core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'Bad Name' } } }), {
      code: 422,
    });
  });

  it('pages through a list', async () => {
    for (const name of ['page-1', 'page-2', 'page-3']) {
      await core.createNamespacedSecret({ namespace, body: { metadata: { name, labels: { paged: 'yes' } } } });
    }
    const names: (string | undefined)[] = [];
    let next: string | undefined;
    do {
      const page = await core.listNamespacedSecret({
        namespace,
        labelSelector: 'paged=yes',
        limit: 2,
        ...(next !== undefined && { _continue: next }),
      });
      names.push(...page.items.map((item) => item.metadata?.name));
      next = page.metadata?._continue || undefined;
    } while (next !== undefined);
    assert.deepEqual(names, ['page-1', 'page-2', 'page-3']);
  });

  it('patches in every way', async () => {
    await apps.createNamespacedDeployment({ namespace, body: aDeployment('patched') });
    const patch = (strategy: k8s.PatchStrategy, body: unknown): Promise<k8s.V1Deployment> =>
      apps.patchNamespacedDeployment(
        { namespace, name: 'patched', body: body as object },
        k8s.setHeaderOptions('Content-Type', strategy),
      );
    await patch(k8s.PatchStrategy.JsonPatch, [{ op: 'replace', path: '/spec/replicas', value: 3 }]);
    await patch(k8s.PatchStrategy.MergePatch, { metadata: { labels: { merged: 'yes' } } });
    const patched = await patch(k8s.PatchStrategy.StrategicMergePatch, {
      spec: { template: { spec: { containers: [{ name: 'side', image: 'side:1' }] } } },
    });
    assert.equal(patched.spec?.replicas, 3);
    assert.equal(patched.metadata?.labels?.merged, 'yes');
    assert.deepEqual(patched.spec?.template.spec?.containers.map(({ name }) => name).sort(), ['app', 'side']);
  });

  it('applies on the server side, by the generic object API', async () => {
    const objects = k8s.KubernetesObjectApi.makeApiClient(config);
    const wanted = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', namespace }, data: { a: '1' } };
    await objects.patch(wanted, undefined, undefined, 'js-test', true, k8s.PatchStrategy.ServerSideApply);
    const stored = await core.readNamespacedConfigMap({ namespace, name: 'applied' });
    assert.deepEqual(stored.data, { a: '1' });
    assert.equal(stored.metadata?.managedFields?.[0]?.manager, 'js-test');
    assert.equal(stored.metadata?.managedFields?.[0]?.operation, 'Apply');
  });

  it('follows changes by an informer', async () => {
    const seen: string[] = [];
    const informer = k8s.makeInformer(
      config,
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => core.listNamespacedConfigMap({ namespace, labelSelector: 'informed=yes' }),
      'informed=yes',
    );
    informer.on('add', (object) => seen.push(`add ${object.metadata?.name}`));
    informer.on('update', (object) => seen.push(`update ${object.data?.step}`));
    informer.on('delete', (object) => seen.push(`delete ${object.metadata?.name}`));
    const body = { metadata: { name: 'informed', labels: { informed: 'yes' } }, data: { step: '1' } };
    await core.createNamespacedConfigMap({ namespace, body });
    await informer.start();
    try {
      await eventually('the object is listed', () => seen.includes('add informed'));
      await core.replaceNamespacedConfigMap({ namespace, name: 'informed', body: { ...body, data: { step: '2' } } });
      await eventually('the update arrives', () => seen.includes('update 2'));
      await core.deleteNamespacedConfigMap({ namespace, name: 'informed' });
      await eventually('the deletion arrives', () => seen.includes('delete informed'));
    } finally {
      await informer.stop();
    }
  });
});

function aDeployment(name: string): k8s.V1Deployment {
  return {
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
    },
  };
}
