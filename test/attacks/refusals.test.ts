/** A webhook and a policy that refuse everything: whatever way a write takes, it is asked about, or is none. */

import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, describe, it } from 'node:test';
import { configMaps } from '../../api/resources/core.ts';
import { definitionOf } from '../fuzz/definition.ts';
import { AdmissionWebhook } from '../support/admission-webhook.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { ensureNamespace } from '../support/test-kubelet.ts';

interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
}

const core = '/api/v1/namespaces/default';
const maps = `${core}/configmaps`;
const deployment = '/apis/apps/v1/namespaces/default/deployments/d';
const things = (version: string) => `/apis/example.com/${version}/namespaces/default/things`;
const merge = 'application/merge-patch+json';
const thing = (version: string, name: string) => ({
  ...{ apiVersion: `example.com/${version}`, kind: 'Thing', metadata: { name }, spec: { replicas: 1 } },
});
const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } };
const event = { namespace: 'default', kind: 'Pod', name: 'p' };

const attempts: readonly Attempt[] = [
  { method: 'POST', path: maps, body: { metadata: { generateName: 'g-' } } },
  { method: 'POST', path: `${maps}/`, body: { metadata: { name: 'slash' } } },
  { method: 'POST', path: maps.replace('configmaps', '%63onfigmaps'), body: { metadata: { name: 'encoded' } } },
  { method: 'POST', path: maps.replace('default', 'defau%6ct'), body: { metadata: { name: 'encoded' } } },
  { method: 'POST', path: maps.replace('/v1/', '/v1//'), body: { metadata: { name: 'doubled' } } },
  { method: 'POST', path: maps.replace('default', 'other/../default'), body: { metadata: { name: 'dots' } } },
  { method: 'POST', path: maps.replace('configmaps', 'ConfigMaps'), body: { metadata: { name: 'case' } } },
  { method: 'POST', path: `${maps}?dryRun=All&dryRun=`, body: { metadata: { name: 'dry' } } },
  { method: 'POST', path: maps, body: 'kind: ConfigMap\nmetadata: {name: yaml}\n', type: 'application/yaml' },
  {
    method: 'PATCH',
    path: `${maps}/new?fieldManager=x`,
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new' } },
    type: 'application/apply-patch+yaml',
  },
  { method: 'PATCH', path: `${maps}/old`, body: { data: { a: 'c' } }, type: merge },
  {
    method: 'PATCH',
    path: `${maps}/old`,
    body: [{ op: 'add', path: '/data/z', value: 'c' }],
    type: 'application/json-patch+json',
  },
  { method: 'PATCH', path: `${maps}/old`, body: { data: { a: 'c' } }, type: 'application/strategic-merge-patch+json' },
  { method: 'PATCH', path: `${maps}/old`, body: { data: { a: 'c' } }, type: 'application/unknown+json' },
  { method: 'PATCH', path: `${maps}/old`, body: { data: { a: 'c' } }, type: 'text/plain' },
  { method: 'PUT', path: `${maps}/old`, body: { metadata: { name: 'old' }, data: { a: 'q' } } },
  { method: 'PUT', path: `${maps}/new`, body: { metadata: { name: 'new' } } },
  { method: 'DELETE', path: `${maps}/old` },
  { method: 'DELETE', path: `${maps}?labelSelector=a%3Db` },
  { method: 'DELETE', path: maps },
  { method: 'PATCH', path: `${deployment}/scale`, body: { spec: { replicas: 7 } }, type: merge },
  { method: 'PATCH', path: `${deployment}/status`, body: { status: { replicas: 7 } }, type: merge },
  { method: 'POST', path: `${core}/pods/p/binding`, body: binding },
  { method: 'POST', path: `${core}/bindings`, body: binding },
  {
    method: 'POST',
    path: `${core}/pods/p/eviction`,
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } },
  },
  {
    method: 'POST',
    path: `${core}/serviceaccounts/sa/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  },
  { method: 'POST', path: `${core}/pods/p/exec?command=ls&stdout=1` },
  { method: 'GET', path: `${core}/pods/p/exec?command=ls&stdout=1` },
  { method: 'GET', path: `${core}/pods/p/proxy/` },
  {
    method: 'POST',
    path: `${core}/events`,
    body: { metadata: { name: 'e', namespace: 'default' }, involvedObject: event, reason: 'r' },
  },
  {
    ...{ method: 'POST', path: '/apis/events.k8s.io/v1/namespaces/default/events' },
    body: {
      ...{ metadata: { name: 'e2' }, eventTime: '2026-01-01T00:00:00.000000Z', regarding: event, type: 'Normal' },
      ...{ reportingController: 'a/b', reportingInstance: 'c', action: 'a', reason: 'r' },
    },
  },
  { method: 'POST', path: things('v2'), body: thing('v2', 'new') },
  {
    method: 'PATCH',
    path: `${things('v2')}/new?fieldManager=x`,
    body: thing('v2', 'new'),
    type: 'application/apply-patch+yaml',
  },
  { method: 'PATCH', path: `${things('v1')}/t/status`, body: { status: { a: 1 } }, type: merge },
  { method: 'PATCH', path: `${things('v1')}/t/scale`, body: { spec: { replicas: 3 } }, type: merge },
  { method: 'DELETE', path: things('v2') },
  { method: 'PUT', path: `${core}/finalize`, body: { metadata: { name: 'default' }, spec: { finalizers: [] } } },
  { method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews', body: { spec: { token: 'x' } } },
];

const groups = ['', 'apps', 'policy', 'example.com', 'events.k8s.io', 'authentication.k8s.io'];
const rules = [{ apiGroups: groups, apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }];
const registration = '/apis/admissionregistration.k8s.io/v1';

describe('what is refused', { timeout: 300_000 }, () => {
  let server: TestApiServer;
  let webhook: AdmissionWebhook;
  let agent: https.Agent;

  before(async () => {
    server = await startTestApiServer();
    webhook = await AdmissionWebhook.start();
    webhook.on('/deny', () => ({ allowed: false, status: { message: 'never' } }));
    const { certificateAuthority: ca, clientCertificate: cert, clientKey: key } = server.connection;
    agent = new https.Agent({ keepAlive: true, ca, cert, key });
    await ensureNamespace(server, 'default');
    await make(maps, { metadata: { name: 'old', labels: { a: 'b' } }, data: { a: 'b' } });
    await make(`${core}/pods`, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    await make(`${core}/serviceaccounts`, { metadata: { name: 'sa' } });
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const spec = { selector: { matchLabels: { a: 'b' } }, template };
    await make('/apis/apps/v1/namespaces/default/deployments', { metadata: { name: 'd' }, spec });
    const any = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const definition = JSON.parse(JSON.stringify(definitionOf(any, 2)));
    const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
    for (const version of definition.spec.versions) version.subresources = { status: {}, scale };
    await make('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
    await eventually('things are served', async () => (await send({ method: 'GET', path: things('v2') })).code === 200);
    await make(things('v1'), thing('v1', 't'));
  });
  after(async () => {
    agent.destroy();
    await webhook.stop();
    await server.stop();
  });

  /** The path goes as it is: nothing is made right on the way. */
  function send({ method, path, body, type = 'application/json' }: Attempt): Promise<{ code: number; text: string }> {
    const { hostname: host, port } = new URL(server.url);
    return new Promise((settle, reject) => {
      const headers = { 'content-type': type };
      const request = https.request({ host, port, agent, method, path, headers }, async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        settle({ code: response.statusCode ?? 0, text });
      });
      request.on('error', reject);
      request.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    });
  }
  async function make(path: string, body: unknown): Promise<void> {
    const { code, text } = await send({ method: 'POST', path, body });
    assert.equal(code, 201, text.slice(0, 300));
  }

  async function isRefusedEveryWay(configuration: string): Promise<void> {
    const probe = { method: 'POST', path: `${maps}?dryRun=All`, body: { metadata: { name: 'probe' } } };
    await eventually('it refuses', async () => (await send(probe)).text.includes('never'));
    for (const attempt of attempts) {
      const { code, text } = await send(attempt);
      const what = `${attempt.method} ${attempt.path} ${attempt.type ?? ''}: ${code} ${text.slice(0, 200)}`;
      assert.ok(code >= 400 && code < 500, what);
      assert.ok(text.includes('never') || [404, 415, 422].includes(code), what);
    }
    const { items } = await server.client.list(configMaps, { namespace: 'default' });
    assert.deepEqual(
      items.map(({ metadata, data }) => [metadata.name, data]),
      [['old', { a: 'b' }]],
    );
    assert.equal((await send({ method: 'DELETE', path: configuration })).code, 200);
    await eventually('it refuses no more', async () => (await send(probe)).code === 201);
  }

  it('by a webhook is refused whatever way is taken, but for the deletion of its configuration', async () => {
    const hook = {
      ...{ name: 'deny.example.com', rules, sideEffects: 'None', admissionReviewVersions: ['v1'] },
      clientConfig: { url: `${webhook.url}/deny`, caBundle: webhook.caBundle },
    };
    await make(`${registration}/validatingwebhookconfigurations`, { metadata: { name: 'deny' }, webhooks: [hook] });
    await isRefusedEveryWay(`${registration}/validatingwebhookconfigurations/deny`);
  });

  it('by a policy is refused whatever way is taken, but for the deletion of its binding', async () => {
    const validations = [{ expression: 'false', message: 'never' }];
    const policy = { matchConstraints: { resourceRules: rules }, validations };
    await make(`${registration}/validatingadmissionpolicies`, { metadata: { name: 'deny' }, spec: policy });
    const spec = { policyName: 'deny', validationActions: ['Deny'] };
    await make(`${registration}/validatingadmissionpolicybindings`, { metadata: { name: 'deny' }, spec });
    await isRefusedEveryWay(`${registration}/validatingadmissionpolicybindings/deny`);
  });
});
