/** The official JavaScript client against the API: every command that a library can do, with its answer and its effect. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as k8s from '@kubernetes/client-node';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { kubeconfigText } from './kubeconfig-text.ts';
import { signingRequest } from './kubectl/manifests.ts';
import { missingLibraryCommands } from './library-commands.ts';

describe('@kubernetes/client-node', () => {
  let server: TestApiServer;
  let config: k8s.KubeConfig;
  let core: k8s.CoreV1Api;
  let apps: k8s.AppsV1Api;
  const namespace = 'default';
  const shown = new Set<string>();

  /** A test that shows these commands when it passes. */
  function shows(commands: readonly string[], name: string, run: () => Promise<void>): void {
    it(name, async () => {
      await run();
      for (const command of commands) shown.add(command);
    });
  }

  const asManager = (strategy: k8s.PatchStrategy) => k8s.setHeaderOptions('Content-Type', strategy);

  before(async () => {
    server = await startTestApiServer();
    config = new k8s.KubeConfig();
    config.loadFromString(kubeconfigText(server.connection));
    core = config.makeApiClient(k8s.CoreV1Api);
    apps = config.makeApiClient(k8s.AppsV1Api);
  });

  after(() => server.stop());

  shows(
    ['create', 'get', 'get -l', 'replace', 'delete'],
    'creates, reads, replaces, lists by label and deletes',
    async () => {
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
    },
  );

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

  shows(['get by pages'], 'pages through a list', async () => {
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

  shows(['patch', 'patch --type=merge', 'patch --type=json', 'label'], 'patches in every way', async () => {
    await apps.createNamespacedDeployment({ namespace, body: aDeployment('patched') });
    const patch = (strategy: k8s.PatchStrategy, body: unknown): Promise<k8s.V1Deployment> =>
      apps.patchNamespacedDeployment({ namespace, name: 'patched', body: body as object }, asManager(strategy));
    await patch(k8s.PatchStrategy.JsonPatch, [{ op: 'replace', path: '/spec/replicas', value: 3 }]);
    await patch(k8s.PatchStrategy.MergePatch, { metadata: { labels: { merged: 'yes' } } });
    const patched = await patch(k8s.PatchStrategy.StrategicMergePatch, {
      spec: { template: { spec: { containers: [{ name: 'side', image: 'side:1' }] } } },
    });
    assert.equal(patched.spec?.replicas, 3);
    assert.equal(patched.metadata?.labels?.merged, 'yes');
    assert.deepEqual(patched.spec?.template.spec?.containers.map(({ name }) => name).sort(), ['app', 'side']);
  });

  shows(['apply --server-side', 'diff'], 'applies on the server side, by the generic object API', async () => {
    const objects = k8s.KubernetesObjectApi.makeApiClient(config);
    const wanted = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', namespace }, data: { a: '1' } };
    await objects.patch(wanted, undefined, undefined, 'js-test', true, k8s.PatchStrategy.ServerSideApply);
    const stored = await core.readNamespacedConfigMap({ namespace, name: 'applied' });
    assert.deepEqual(stored.data, { a: '1' });
    assert.equal(stored.metadata?.managedFields?.[0]?.manager, 'js-test');
    assert.equal(stored.metadata?.managedFields?.[0]?.operation, 'Apply');
    const changed = { ...wanted, data: { a: '2' } };
    const compared = await objects.patch(changed, undefined, 'All', 'js-test', true, k8s.PatchStrategy.ServerSideApply);
    assert.deepEqual((compared as k8s.V1ConfigMap).data, { a: '2' });
    assert.deepEqual((await core.readNamespacedConfigMap({ namespace, name: 'applied' })).data, { a: '1' });
    const other = objects.patch(changed, undefined, undefined, 'other', false, k8s.PatchStrategy.ServerSideApply);
    await assert.rejects(other, { code: 409 });
  });

  shows(['wait'], 'follows changes by an informer', async () => {
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

  shows(['version', 'api-versions', 'api-resources'], 'finds out what there is', async () => {
    assert.equal((await config.makeApiClient(k8s.VersionApi).getCode()).major, '1');
    const { groups } = await config.makeApiClient(k8s.ApisApi).getAPIVersions();
    assert.ok(groups.some(({ name }) => name === 'apps'));
    const { resources } = await apps.getAPIResources();
    assert.equal(resources.find(({ name }) => name === 'deployments')?.kind, 'Deployment');
  });

  shows(['get -w', 'get --field-selector'], 'watches one object by its name', async () => {
    const { metadata } = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=watched' });
    const seen: string[] = [];
    const query = { fieldSelector: 'metadata.name=watched', resourceVersion: metadata?.resourceVersion };
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const see = (phase: string, object: k8s.V1ConfigMap) => seen.push(`${phase} ${object.metadata?.name}`);
    const watching = await new k8s.Watch(config).watch(path, query, see, () => {});
    for (const name of ['watched', 'unwatched'])
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
    await core.deleteNamespacedConfigMap({ namespace, name: 'watched' });
    await eventually('both events', () => seen.length >= 2);
    watching.abort();
    assert.deepEqual(seen, ['ADDED watched', 'DELETED watched']);
  });

  shows(
    ['create --dry-run=server', 'expose', 'autoscale'],
    'makes objects of several groups, and none in a dry run',
    async () => {
      const body = { metadata: { name: 'dry' } };
      assert.ok((await core.createNamespacedConfigMap({ namespace, body, dryRun: 'All' })).metadata?.uid);
      await assert.rejects(core.readNamespacedConfigMap({ namespace, name: 'dry' }), { code: 404 });
      const service = { metadata: { name: 'js' }, spec: { selector: { app: 'js' }, ports: [{ port: 80 }] } };
      assert.match(
        (await core.createNamespacedService({ namespace, body: service })).spec?.clusterIP ?? '',
        /^10\.96\./,
      );
      const scaler = {
        metadata: { name: 'js' },
        spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'js' } },
      };
      const autoscaling = config.makeApiClient(k8s.AutoscalingV2Api);
      await autoscaling.createNamespacedHorizontalPodAutoscaler({ namespace, body: scaler });
      const stored = await autoscaling.readNamespacedHorizontalPodAutoscaler({ namespace, name: 'js' });
      assert.deepEqual([stored.spec?.minReplicas, stored.spec?.maxReplicas], [1, 3]);
    },
  );

  shows(
    ['scale', 'get --subresource', 'rollout restart', 'rollout status'],
    'scales, restarts and follows a deployment',
    async () => {
      const name = 'followed';
      await apps.createNamespacedDeployment({ namespace, body: aDeployment(name) });
      const strategy = asManager(k8s.PatchStrategy.MergePatch);
      await apps.patchNamespacedDeploymentScale({ namespace, name, body: { spec: { replicas: 4 } } }, strategy);
      assert.equal((await apps.readNamespacedDeploymentScale({ namespace, name })).spec?.replicas, 4);
      assert.equal((await apps.readNamespacedDeployment({ namespace, name })).spec?.replicas, 4);
      const restart = { spec: { template: { metadata: { annotations: { restartedAt: 'now' } } } } };
      const restarted = await apps.patchNamespacedDeployment({ namespace, name, body: restart }, strategy);
      assert.equal(restarted.metadata?.generation, 3);
      const status = { status: { observedGeneration: 3, replicas: 4, updatedReplicas: 4 } };
      await apps.patchNamespacedDeploymentStatus({ namespace, name, body: status }, strategy);
      const rolled = await apps.readNamespacedDeploymentStatus({ namespace, name });
      assert.deepEqual([rolled.status?.observedGeneration, rolled.status?.updatedReplicas], [3, 4]);
    },
  );

  shows(['delete -l', 'delete --cascade=orphan'], 'deletes by label, and orphans', async () => {
    for (const name of ['doomed-1', 'doomed-2'])
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { doomed: 'js' } } } });
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'doomed=js' });
    assert.deepEqual((await core.listNamespacedConfigMap({ namespace, labelSelector: 'doomed=js' })).items, []);
    await apps.createNamespacedDeployment({ namespace, body: aDeployment('orphaning') });
    await apps.deleteNamespacedDeployment({ namespace, name: 'orphaning', propagationPolicy: 'Orphan' });
    const left = await apps.readNamespacedDeployment({ namespace, name: 'orphaning' });
    assert.deepEqual(left.metadata?.finalizers, ['orphan']);
  });

  shows(['cordon', 'taint', 'drain', 'debug', 'events'], 'cordons, taints and drains a node', async () => {
    const [name, pod] = ['js-node', 'js-pod'];
    const strategy = asManager(k8s.PatchStrategy.StrategicMergePatch);
    await core.createNode({ body: { metadata: { name } } });
    const taints = [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }];
    const body = { spec: { unschedulable: true, taints } };
    const node = await core.patchNode({ name, body }, strategy);
    assert.equal(node.spec?.unschedulable, true);
    assert.ok(node.spec?.taints?.some(({ key }) => key === 'dedicated'));
    const containers = [{ name: 'c', image: 'app:1' }];
    await core.createNamespacedPod({
      namespace,
      body: { metadata: { name: pod }, spec: { nodeName: name, containers } },
    });
    const ephemeral = { spec: { ephemeralContainers: [{ name: 'tools', image: 'tools:1' }] } };
    const debugged = await core.patchNamespacedPodEphemeralcontainers(
      { namespace, name: pod, body: ephemeral },
      strategy,
    );
    assert.equal(debugged.spec?.ephemeralContainers?.[0]?.name, 'tools');
    await core.createNamespacedPodEviction({ namespace, name: pod, body: { metadata: { name: pod, namespace } } });
    const [evicted] = (await core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${name}` })).items;
    assert.ok(evicted?.metadata?.deletionTimestamp);
    const involvedObject = { apiVersion: 'v1', kind: 'Pod', name: pod, namespace };
    const event = { metadata: { name: 'js-event' }, involvedObject, reason: 'Evicted', type: 'Normal' };
    await core.createNamespacedEvent({ namespace, body: event });
    const events = await core.listNamespacedEvent({
      namespace,
      fieldSelector: `involvedObject.name=${pod},reason=Evicted`,
    });
    assert.deepEqual(
      events.items.map(({ metadata }) => metadata.name),
      ['js-event'],
    );
  });

  shows(
    ['create token', 'certificate approve', 'auth can-i', 'auth whoami'],
    'makes tokens, approves, and asks who it is',
    async () => {
      await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'js' } } });
      const audiences: string[] = [];
      const { status } = await core.createNamespacedServiceAccountToken({
        namespace,
        name: 'js',
        body: { spec: { audiences } },
      });
      const authentication = config.makeApiClient(k8s.AuthenticationV1Api);
      const review = await authentication.createTokenReview({ body: { spec: { token: status?.token ?? '' } } });
      assert.equal(review.status?.user?.username, `system:serviceaccount:${namespace}:js`);
      const me = await authentication.createSelfSubjectReview({ body: {} });
      assert.deepEqual([me.status?.userInfo?.username, me.status?.userInfo?.groups?.[0]], ['admin', 'system:masters']);
      const attributes = { namespace, verb: 'create', resource: 'pods' };
      const access = await config
        .makeApiClient(k8s.AuthorizationV1Api)
        .createSelfSubjectAccessReview({ body: { spec: { resourceAttributes: attributes } } });
      assert.equal(access.status?.allowed, true);
      const certificates = config.makeApiClient(k8s.CertificatesV1Api);
      const request = await certificates.createCertificateSigningRequest({
        body: JSON.parse(signingRequest('js')) as k8s.V1CertificateSigningRequest,
      });
      const approved = { type: 'Approved', status: 'True', reason: 'Tested', message: 'by hand' };
      await certificates.replaceCertificateSigningRequestApproval({
        name: 'js',
        body: { ...request, status: { conditions: [approved] } },
      });
      const stored = await certificates.readCertificateSigningRequest({ name: 'js' });
      assert.equal(stored.status?.conditions?.[0]?.type, 'Approved');
    },
  );

  it('has shown every command that a library can do', () => {
    assert.deepEqual(missingLibraryCommands(shown), []);
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
