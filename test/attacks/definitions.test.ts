/** Definitions of custom resources against what is the API server's own, and against whoever wants to be rid of them. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { customResourceDefinitions } from '../../api/resources/apiextensions.ts';
import { clusterRoles } from '../../api/resources/rbac.ts';
import { StatusError } from '../../api/status-error.ts';
import { storedKeysPath } from '../../apiserver/authentication/service-accounts/stored-keys.ts';
import { AdmissionWebhook } from '../support/admission-webhook.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { ensureNamespace } from '../support/test-kubelet.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Wanted {
  readonly plural: string;
  readonly kind: string;
  readonly group: string;
  readonly versions?: readonly object[];
  readonly conversion?: object;
}

const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
const versionOf = (name: string, more: object = {}) => ({ name, served: true, storage: true, schema, ...more });

const definitionOf = ({ plural, kind, group, versions = [versionOf('v1')], conversion }: Wanted) => ({
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  metadata: {
    name: `${plural}.${group}`,
    annotations: { 'api-approved.kubernetes.io': 'https://example.com/approved' },
  },
  spec: { group, scope: 'Namespaced', names: { plural, kind }, versions, ...(conversion && { conversion }) },
});

describe('a definition', { timeout: 300_000 }, () => {
  let server: TestApiServer;

  before(async () => {
    server = await startTestApiServer();
    await ensureNamespace(server, 'default');
  });
  after(async () => await server.stop());

  // biome-ignore lint/suspicious/noExplicitAny: whatever the server said, to be looked into
  async function send(method: string, path: string, body?: object, type = 'application/json'): Promise<any> {
    try {
      const headers = { 'content-type': type };
      const { code, text } = await server.client.raw(method, path, body === undefined ? {} : { body, headers });
      return { ...JSON.parse(text), code };
    } catch (error) {
      if (error instanceof StatusError) return error.status;
      throw error;
    }
  }
  const conditionOf = async (name: string, wanted: string) =>
    (await server.client.get(customResourceDefinitions, { name })).status?.conditions?.find(
      ({ type }) => type === wanted,
    );
  const isGone = (name: string) =>
    eventually(`${name} is gone`, async () => (await send('GET', `${definitions}/${name}`)).code === 404);
  const merge = 'application/merge-patch+json';

  it('cannot have the place of a kind that is built in, nor take its objects along', async () => {
    const group = 'rbac.authorization.k8s.io';
    const name = `clusterroles.${group}`;
    const before = (await server.client.list(clusterRoles)).items.length;
    assert.ok(before > 0);
    for (const version of ['v1', 'v9']) {
      const wanted = { plural: 'clusterroles', kind: 'ClusterRole', group, versions: [versionOf(version)] };
      assert.equal((await send('POST', definitions, definitionOf(wanted))).code, 201);
      await eventually('it is told', async () => (await conditionOf(name, 'NamesAccepted'))?.status === 'False');
      // Whoever may write the status cannot change that.
      const conditions = ['NamesAccepted', 'Established'].map((type) => ({
        ...{ type, status: 'True', reason: 'Forged', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
      }));
      const status = { acceptedNames: { plural: 'clusterroles', kind: 'ClusterRole' }, conditions };
      await send('PATCH', `${definitions}/${name}/status`, { status }, merge);
      if (version === 'v9') {
        const evil = { apiVersion: `${group}/v9`, kind: 'ClusterRole', metadata: { name: 'evil' } };
        assert.equal((await send('POST', `/apis/${group}/v9/clusterroles`, evil)).code, 404);
        assert.equal((await send('GET', `/apis/${group}/v9/clusterroles`)).code, 404);
      }
      assert.equal((await send('DELETE', `${definitions}/${name}`)).code, 200);
      await isGone(name);
      assert.equal((await server.client.list(clusterRoles)).items.length, before);
    }
  });

  it('cannot show what the server keeps for itself', async () => {
    await server.store.create('/registry/longshore.dev/probes/default/a', Buffer.from('{"metadata":{"name":"a"}}'));
    for (const [plural, kind] of [
      ['keys', 'Key'],
      ['probes', 'Probe'],
    ] as const) {
      assert.equal((await send('POST', definitions, definitionOf({ plural, kind, group: 'longshore.dev' }))).code, 201);
      const name = `${plural}.longshore.dev`;
      await eventually('it is told', async () => (await conditionOf(name, 'NamesAccepted'))?.status === 'False');
      assert.equal((await send('GET', `/apis/longshore.dev/v1/${plural}`)).code, 404);
      await send('DELETE', `${definitions}/${name}`);
      await isGone(name);
    }
    assert.notEqual(await server.store.get('/registry/longshore.dev/probes/default/a'), undefined);
    assert.notEqual(await server.store.get(storedKeysPath), undefined);
  });

  const things = { plural: 'things', kind: 'Thing', group: 'example.com' };
  const path = '/apis/example.com/v1/namespaces/default/things';
  const make = (name: string) =>
    send('POST', path, { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name } });

  async function define(wanted: Partial<Wanted> = {}): Promise<void> {
    assert.equal((await send('POST', definitions, definitionOf({ ...things, ...wanted }))).code, 201);
    await eventually('things are served', async () => (await send('GET', path)).code === 200);
  }
  async function deleteAll(): Promise<void> {
    await send('DELETE', `${definitions}/things.example.com`);
    await isGone('things.example.com');
    assert.deepEqual((await server.store.list({ prefix: '/registry/example.com/things/' })).entries, []);
  }

  it('takes all its objects along, however many they are', async () => {
    await define();
    for (let i = 0; i < 620; i += 1) {
      const value = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: `a${i}`, namespace: 'default' } };
      await server.store.create(`/registry/example.com/things/default/a${i}`, Buffer.from(JSON.stringify(value)));
    }
    await deleteAll();
  });

  it('takes its objects along when none of its versions is served any more', async () => {
    await define();
    assert.equal((await make('a')).code, 201);
    const body = {
      spec: { versions: [versionOf('v1', { served: false }), versionOf('v2', { storage: false, served: false })] },
    };
    assert.equal((await send('PATCH', `${definitions}/things.example.com`, body, merge)).code, 200);
    await deleteAll();
  });

  it('goes though the webhook that converts its objects never answers', async () => {
    const webhook = await AdmissionWebhook.start();
    try {
      webhook.onRaw('/convert', () => {});
      const clientConfig = { url: `${webhook.url}/convert`, caBundle: webhook.caBundle };
      const conversion = { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } };
      await define({ versions: [versionOf('v1'), versionOf('v2', { storage: false })] });
      assert.equal((await make('a')).code, 201);
      const versions = [versionOf('v1', { storage: false }), versionOf('v2')];
      assert.equal(
        (await send('PATCH', `${definitions}/things.example.com`, { spec: { conversion, versions } }, merge)).code,
        200,
      );
      await deleteAll();
    } finally {
      await webhook.stop();
    }
  });

  it('goes though a webhook refuses each deletion of its objects, and its configuration goes though it refuses that', async () => {
    const webhook = await AdmissionWebhook.start();
    const configurations = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    try {
      webhook.on('/deny', () => ({ allowed: false }));
      await define();
      assert.equal((await make('a')).code, 201);
      const clientConfig = { url: `${webhook.url}/deny`, caBundle: webhook.caBundle };
      const rules = [
        {
          apiGroups: ['example.com', 'admissionregistration.k8s.io'],
          apiVersions: ['*'],
          operations: ['*'],
          resources: ['*/*'],
        },
      ];
      const hook = {
        name: 'deny.example.com',
        clientConfig,
        rules,
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      };
      assert.equal((await send('POST', configurations, { metadata: { name: 'deny' }, webhooks: [hook] })).code, 201);
      await eventually('it refuses', async () => (await send('DELETE', `${path}/a?dryRun=All`)).code === 400);
      await deleteAll();
      assert.equal((await send('DELETE', `${configurations}/deny`)).status, 'Success');
    } finally {
      await webhook.stop();
    }
  });
});
