/** What `/metrics` of the API server tells, beside what was really asked of it. */

import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { configMaps, namespaces } from '../../api/resources/core.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Connection } from '../../client/connection.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

let server: TestApiServer;
before(async () => {
  server = await startTestApiServer();
});
after(() => server.stop());

/** The value of the sample whose line has the name and all of these labels; 0 when there is none. */
async function sample(name: string, labels: Record<string, string>): Promise<number> {
  const { text } = await server.client.raw('GET', '/metrics');
  const line = text
    .split('\n')
    .find(
      (one) =>
        one.startsWith(`${name}{`) && Object.entries(labels).every(([key, value]) => one.includes(`${key}="${value}"`)),
    );
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
}

test('requests are counted by what they asked for and what they got', async () => {
  const asked = { group: '', version: 'v1', resource: 'configmaps', scope: 'resource' };
  const stored = { operation: 'create', type: 'core/configmaps' };
  const created = await sample('etcd_request_duration_seconds_count', stored);
  const objects = await sample('apiserver_storage_objects', { resource: 'core/configmaps' });
  await server.client.create(namespaces, { metadata: { name: 'counted' } });
  await server.client.create(configMaps, { metadata: { namespace: 'counted', name: 'a' } });
  for (let n = 0; n < 3; n += 1) await server.client.get(configMaps, { namespace: 'counted', name: 'a' });
  await assert.rejects(server.client.get(configMaps, { namespace: 'counted', name: 'b' }));
  assert.equal(await sample('apiserver_request_total', { ...asked, verb: 'GET', code: '200' }), 3);
  assert.equal(await sample('apiserver_request_total', { ...asked, verb: 'GET', code: '404' }), 1);
  assert.equal(await sample('apiserver_request_duration_seconds_count', { ...asked, verb: 'GET' }), 4);
  assert.ok((await sample('apiserver_request_duration_seconds_sum', { ...asked, verb: 'GET' })) > 0);
  assert.equal(await sample('etcd_request_duration_seconds_count', stored), created + 1);
  assert.equal(await sample('apiserver_storage_objects', { resource: 'core/configmaps' }), objects + 1);
  // The scrape itself is a request in work, but no resource's.
  assert.equal(await sample('apiserver_current_inflight_requests', { request_kind: 'mutating' }), 0);
});

test("verbs and labels are upstream's", async () => {
  const path = '/api/v1/namespaces/counted/configmaps';
  const total = (labels: Record<string, string>) =>
    sample('apiserver_request_total', { component: 'apiserver', resource: 'configmaps', ...labels });
  const { client } = server;
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'v' } };
  await client.raw('POST', `${path}?dryRun=All`, { body });
  await client.raw('POST', path, { body });
  await client.raw('PUT', `${path}/v`, { body });
  await client.raw('PATCH', `${path}/v`, { body: '{}', headers: { 'content-type': 'application/merge-patch+json' } });
  await client.raw('PATCH', `${path}/v?fieldManager=m`, {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/apply-patch+yaml' },
  });
  await client.raw('DELETE', `${path}/v`);
  await client.raw('DELETE', path);
  await client.raw('GET', '/api/v1/namespaces/counted/pods/none/proxy/').catch(() => undefined);
  assert.equal(await total({ verb: 'POST', scope: 'resource', dry_run: 'All', code: '201' }), 1);
  for (const verb of ['PUT', 'PATCH', 'APPLY', 'DELETE'])
    assert.equal(await total({ verb, scope: 'resource', dry_run: '', code: '200' }), 1, verb);
  assert.equal(await total({ verb: 'DELETECOLLECTION', scope: 'namespace', code: '200' }), 1);
  const connect = { verb: 'CONNECT', resource: 'pods', subresource: 'proxy', code: '404' };
  assert.equal(await total(connect), 1);
  await client.raw('GET', '/healthz');
  assert.equal(await total({ verb: 'GET', resource: '', subresource: '/healthz', scope: '', code: '200' }), 1);
  const { text } = await client.raw('GET', '/metrics');
  assert.doesNotMatch(text, /verb="(CREATE|UPDATE)"/);
});

test('what nobody serves does not become a label, whoever asks for it', async () => {
  const stranger = createRestClient(await server.connectAs('nobody'), { userAgent: 'test', logger: silentLogger });
  for (const path of ['/strange-1', '/api/v1/strange-2', '/apis/strange-3/v1/strange-4', '/api/v1/pods/a/strange-5']) {
    for (const client of [stranger, server.client]) await client.raw('GET', path).catch(() => undefined);
  }
  const { text } = await server.client.raw('GET', '/metrics');
  assert.doesNotMatch(text, /strange/);
  for (const verb of ['GET', 'LIST'])
    assert.equal(await sample('apiserver_request_total', { subresource: 'unknown', verb, code: '403' }), 2);
  await stranger.close();
});

test('watches are counted while they are open', async () => {
  const open = { verb: 'WATCH', resource: 'configmaps', scope: 'cluster' };
  const watches = [await openWatch(server.connection), await openWatch(server.connection)];
  assert.equal(await sample('apiserver_longrunning_requests', open), 2);
  for (const close of watches) close();
  await eventually('no watch is open', async () => (await sample('apiserver_longrunning_requests', open)) === 0);
  assert.equal(await sample('apiserver_request_total', open), 2);
  assert.equal(await sample('apiserver_request_duration_seconds_count', open), 0);
});

/** Resolves once the server has begun to answer, with what closes it. */
function openWatch({ certificateAuthority, clientCertificate, clientKey }: Connection): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const request = https.get(
      `${server.url}/api/v1/configmaps?watch=true`,
      { ca: certificateAuthority, cert: clientCertificate, key: clientKey, agent: false },
      (response) => {
        response.resume();
        response.on('error', () => {}); // cut by us
        resolve(() => request.destroy());
      },
    );
    request.on('error', reject);
  });
}
