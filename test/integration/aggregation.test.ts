/** APIs that other servers serve: found, asked, watched and described as if they were the API server's own. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { serviceNameLabel } from '../../api/labels.ts';
import { apiServices } from '../../api/resources/apiregistration.ts';
import { services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { type ExtensionServer, startExtensionServer } from '../support/extension-server.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const group = 'wardle.example.com';
const name = `v1alpha1.${group}`;
const path = `/apis/${group}/v1alpha1`;
const namespace = 'default';

describe('an API that another server serves', () => {
  let server: TestApiServer;
  let extension: ExtensionServer;
  let authority: KeyPair;

  before(async () => {
    const frontProxyAuthority = await createAuthority('front-proxy');
    authority = await createAuthority('extension');
    const proxyClient = await issueCertificate(frontProxyAuthority, { commonName: 'proxy', usages: ['client'] });
    server = await startTestApiServer({ proxyClient, resourceMetrics: true });
    extension = await startExtensionServer({
      groupVersion: `${group}/v1alpha1`,
      authority,
      names: ['extension.default.svc'],
      frontProxyAuthority,
    });
  });
  after(async () => {
    await server.stop();
    await extension.stop();
  });

  const condition = async (of = name) =>
    (await server.client.get(apiServices, { name: of })).status?.conditions?.find(({ type }) => type === 'Available');
  const get = async (at: string, headers: Record<string, string> = {}): Promise<unknown> =>
    JSON.parse((await server.client.raw('GET', at, { headers })).text);
  const becomes = (reason: string) =>
    eventually(`the API is ${reason}`, async () => {
      const said = await condition();
      return said?.reason === reason ? said : undefined;
    });

  it('is not available before its Service leads to somebody, and says why', async () => {
    await server.client.create(apiServices, {
      metadata: { name },
      spec: {
        ...{ group, version: 'v1alpha1', groupPriorityMinimum: 2000, versionPriority: 10 },
        service: { namespace, name: 'extension' },
        caBundle: Buffer.from(authority.certificate).toString('base64'),
      },
    });
    const absent = await becomes('ServiceNotFound');
    assert.equal(absent.message, 'service/extension in "default" is not present');
    await assert.rejects(get(`${path}/namespaces/default/flunders`), { code: 503 });
    const metadata = { namespace, name: 'extension' };
    const ports = [{ name: 'https', port: 443, targetPort: extension.port }];
    await server.client.create(services, { metadata, spec: { ports } });
    assert.match(
      (await becomes('EndpointsNotFound')).message ?? '',
      /cannot find endpointslices for service\/extension/,
    );
    const slice = {
      metadata: { ...metadata, labels: { [serviceNameLabel]: 'extension' } },
      addressType: 'IPv4',
      ports: [{ name: 'https', port: extension.port }],
      endpoints: [{ addresses: [extension.host], conditions: { ready: false } }],
    };
    const empty = { ...slice.metadata, name: 'extension-without-pods' };
    await server.client.create(endpointSlices, { metadata: empty, addressType: 'IPv4', endpoints: [] });
    await server.client.create(endpointSlices, slice);
    assert.match((await becomes('MissingEndpoints')).message ?? '', /have no addresses with port name "https"$/);
    extension.mode = 'failing';
    await server.client.patch(endpointSlices, metadata, {
      type: 'merge',
      body: { endpoints: [{ addresses: [extension.host], conditions: { ready: true } }] },
    });
    assert.match((await becomes('FailedDiscoveryCheck')).message ?? '', /bad status from .*: 500$/);
    extension.mode = 'serving';
    const { status, message } = await becomes('Passed');
    assert.deepEqual([status, message], ['True', 'all checks passed']);
  });

  it('is asked in the name of who asks, with no credential of theirs', async () => {
    await assert.rejects(
      createRestClient(await server.connectAs('jane'), { userAgent: 'test', logger: silentLogger }).raw(
        'GET',
        `${path}/flunders`,
      ),
      { code: 403 },
    );
    const headers = { 'x-remote-user': 'mallory', authorization: 'Basic bWFsbG9yeQ==' };
    await server.client.raw('POST', `${path}/namespaces/default/flunders?fieldManager=me`, { body: { a: 1 }, headers });
    const received = extension.received.find(({ method }) => method === 'POST');
    assert.equal(received?.url, `${path}/namespaces/default/flunders?fieldManager=me`);
    assert.equal(received?.body, '{"a":1}');
    assert.equal(received?.headers['x-remote-user'], 'admin');
    assert.equal(received?.headers['x-remote-group'], 'system:masters, system:authenticated');
    assert.equal(received?.headers.authorization, undefined);
  });

  it('is watched, and its end is the end of the watch', async () => {
    const ended = new AbortController();
    const stream = await server.client.stream(`${path}/flunders?watch=true`, ended.signal);
    const [first] = await once(stream, 'data');
    assert.match(String(first), /"type":"ADDED"/);
    ended.abort();
  });

  it('takes upgraded connections', async () => {
    const { certificateAuthority: ca, clientCertificate: cert, clientKey: key } = server.connection;
    const request = https.request(`${server.url}${path}/namespaces/default/flunders/a/console`, {
      ...{ ca, cert, key, agent: false },
      headers: { connection: 'Upgrade', upgrade: 'echo' },
    });
    request.end();
    const socket = await new Promise<Duplex>((resolve, reject) => {
      request.on('upgrade', (_response, upgraded) => resolve(upgraded));
      request.on('response', ({ statusCode }) => reject(new Error(`answered with ${statusCode}`)));
      request.on('error', reject);
    });
    socket.write('hello');
    const [echo] = await once(socket, 'data');
    assert.equal(String(echo), 'hello');
    socket.destroy();
  });

  it('is discovered beside the others, in the order of priorities', async () => {
    const list = await get('/apis');
    assert.ok(JSON.stringify(list).includes(group));
    const own = await get(`/apis/${group}`);
    assert.deepEqual(own, {
      ...{ kind: 'APIGroup', apiVersion: 'v1', name: group },
      versions: [{ groupVersion: `${group}/v1alpha1`, version: 'v1alpha1' }],
      preferredVersion: { groupVersion: `${group}/v1alpha1`, version: 'v1alpha1' },
    });
    assert.match(JSON.stringify(await get(path)), /"flunders\/status"/);
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const aggregated = await eventually('its resources are discovered', async () => {
      const text = JSON.stringify(await get('/apis', { accept }));
      return text.includes('flunders') ? text : undefined;
    });
    assert.ok(aggregated.includes('"subresource":"status"'));
  });

  it('is described by its own documents', async () => {
    assert.match(JSON.stringify(await get('/openapi/v3')), /wardle\.example\.com\/v1alpha1\?hash=ABC/);
    assert.match(JSON.stringify(await get(`/openapi/v3${path}?hash=ABC`)), /"title":"extension"/);
    const swagger = JSON.stringify(await get('/openapi/v2'));
    assert.match(swagger, /"example.wardle.Flunder":{"type":"object","description":"A flunder."}/);
    assert.match(swagger, /\/flunders":{"get":{"parameters":\[{"name":"limit"/);
    assert.doesNotMatch(swagger, /not its own|example.wardle.Other/);
  });

  it('that hangs is told from one that is there, and holds nobody else', async () => {
    extension.mode = 'hanging';
    await becomes('FailedDiscoveryCheck');
    await assert.rejects(get(`${path}/flunders`), { code: 503 });
    assert.ok(JSON.stringify(await get('/apis')).includes(group));
    extension.mode = 'serving';
    await becomes('Passed');
  });

  it('takes over what the server measures itself, and gives it back', async () => {
    const metrics = '/apis/metrics.k8s.io/v1beta1';
    assert.match(JSON.stringify(await get(metrics)), /NodeMetrics/);
    const metadata = { name: 'v1beta1.metrics.k8s.io' };
    await server.client.create(apiServices, {
      metadata,
      spec: {
        ...{ group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100 },
        ...{ service: { namespace, name: 'no-such' }, insecureSkipTLSVerify: true },
      },
    });
    await eventually('another is asked', async () => {
      return await get(`${metrics}/nodes`).then(
        () => false,
        ({ code }) => code === 503,
      );
    });
    await server.client.delete(apiServices, metadata);
    await eventually('the server measures again', () => get(metrics).catch(() => undefined));
  });

  it('is one of all that there are', async () => {
    const { spec, status, metadata } = await eventually('the server has made its own', () =>
      server.client.get(apiServices, { name: 'v1.apps' }).catch(() => undefined),
    );
    assert.deepEqual(metadata.labels, { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' });
    assert.deepEqual(spec, { group: 'apps', version: 'v1', groupPriorityMinimum: 17800, versionPriority: 15 });
    assert.equal(status?.conditions?.[0]?.reason, 'Local');
  });

  it('is gone with its APIService', async () => {
    await server.client.delete(apiServices, { name });
    await eventually('nobody serves it', async () =>
      get(path).then(
        () => false,
        ({ code }) => code === 404,
      ),
    );
    assert.ok(!JSON.stringify(await get('/apis')).includes(group));
  });
});
