/** What is written down of requests, as an administrator reads it: in the file, and where the webhook leads. */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { configMaps, pods, secrets, serviceAccounts } from '../../api/resources/core.ts';
import { readPolicy } from '../../apiserver/audit/read-policy.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

interface Event {
  readonly stage: string;
  readonly level: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly auditID: string;
  readonly user: { readonly username: string };
  readonly impersonatedUser?: { readonly username: string };
  readonly objectRef?: Readonly<Record<string, string>>;
  readonly responseStatus?: { readonly code: number; readonly reason?: string; readonly message?: string };
  readonly requestObject?: { readonly metadata?: object };
  readonly responseObject?: { readonly metadata?: object };
  readonly annotations?: Readonly<Record<string, string>>;
}

const everything = readPolicy(
  JSON.stringify({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    rules: [{ level: 'RequestResponse', omitManagedFields: true }],
  }),
  'policy',
);
const canary = 'swordfish-0815';
const encoded = Buffer.from(canary).toString('base64');

describe('audit', () => {
  let folder = '';
  let path = '';
  let server: TestApiServer;
  let received: Event[] = [];
  let hook: http.Server;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'audit-'));
    path = join(folder, 'audit.log');
    hook = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received = received.concat(JSON.parse(Buffer.concat(chunks).toString()).items);
        response.end();
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    const { port } = hook.address() as AddressInfo;
    const log = { path, maxMegabytes: 0, maxBackups: 0, maxAgeDays: 0 };
    server = await startTestApiServer({
      audit: { policy: everything, log, webhook: { url: `http://127.0.0.1:${port}/audit` } },
    });
  });
  after(async () => {
    await server.stop();
    await new Promise((resolve) => hook.close(resolve));
    await rm(folder, { recursive: true });
  });

  const readEvents = async (): Promise<Event[]> =>
    (await readFile(path, 'utf8')).split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  const find = (is: (event: Event) => boolean) => eventually('the event', async () => (await readEvents()).find(is));

  it('tells who did what, what was sent and answered, and why it was allowed', async () => {
    const pod = { metadata: { namespace: 'default', name: 'p' }, spec: { containers: [{ name: 'c', image: 'a' }] } };
    await server.client.create(pods, pod);
    const event = await find(({ verb, stage }) => verb === 'create' && stage === 'ResponseComplete');
    assert.equal(event.user.username, 'admin');
    assert.deepEqual(event.objectRef, { resource: 'pods', namespace: 'default', name: 'p', apiVersion: 'v1' });
    assert.deepEqual(event.responseStatus?.code, 201);
    assert.equal(event.annotations?.['authorization.k8s.io/decision'], 'allow');
    assert.deepEqual(event.requestObject?.metadata, { name: 'p', namespace: 'default' });
    assert.ok(event.responseObject?.metadata && !('managedFields' in event.responseObject.metadata));
    const stages = (await readEvents()).filter(({ auditID }) => auditID === event.auditID).map(({ stage }) => stage);
    assert.deepEqual(stages, ['RequestReceived', 'ResponseComplete']);
    await eventually('the webhook has it', () => received.some(({ auditID }) => auditID === event.auditID));
  });

  it('tells of refusals: of whom nobody knows, and of who may not; whoever is impersonated', async () => {
    const nobody = { ...server.connection, clientCertificate: '', clientKey: '', token: 'not-a-token' };
    const { clientCertificate: _, clientKey: __, ...withToken } = nobody;
    const stranger = createRestClient(withToken, { userAgent: 'stranger', logger: silentLogger });
    await assert.rejects(stranger.list(pods, { namespace: 'default' }));
    await stranger.close();
    const unknown = await find(({ responseStatus }) => responseStatus?.code === 401);
    assert.equal(unknown.objectRef?.resource, 'pods');
    await assert.rejects(
      server.client.raw('GET', '/api/v1/namespaces/default/pods/p', { headers: { 'impersonate-user': 'eve' } }),
    );
    const refused = await find(({ impersonatedUser }) => impersonatedUser?.username === 'eve');
    const done = await find(({ auditID, stage }) => auditID === refused.auditID && stage === 'ResponseComplete');
    assert.equal(done.user.username, 'admin');
    assert.equal(done.responseStatus?.code, 403);
    assert.equal(done.annotations?.['authorization.k8s.io/decision'], 'forbid');
  });

  it('never tells a secret, however much the policy asks for', async () => {
    const at = { namespace: 'default', name: 'hidden' };
    await server.client.create(secrets, { metadata: at, stringData: { password: canary } });
    await server.client.patch(secrets, at, { type: 'merge', body: { data: { more: encoded } } });
    await server.client.list(secrets, { namespace: 'default' });
    await assert.rejects(server.client.patch(secrets, at, { type: 'merge', body: { data: { bad: `${canary}!` } } }));
    await server.client.create(configMaps, { metadata: at, data: { password: canary } });
    await server.client.create(serviceAccounts, { metadata: at });
    const issued = await server.client.raw('POST', '/api/v1/namespaces/default/serviceaccounts/hidden/token', {
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    });
    const token = issued.text.match(/eyJ[\w-]+\.[\w-]+\.[\w-]+/)?.[0] ?? '';
    assert.notEqual(token, '');
    await server.client.raw('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
    });
    await find(({ requestURI, stage }) => requestURI.endsWith('/tokenreviews') && stage === 'ResponseComplete');
    const text = `${await readFile(path, 'utf8')}${JSON.stringify(received)}`;
    for (const hidden of [canary, encoded, token]) assert.ok(!text.includes(hidden), `${hidden} is written down`);
    assert.ok(text.includes('/secrets/hidden'));
  });

  it('tells of a watch when it begins and when it ends', async () => {
    const end = new AbortController();
    const watching = server.client
      .raw('GET', '/api/v1/namespaces/default/pods?watch=true&timeoutSeconds=1', { signal: end.signal })
      .catch(() => undefined);
    const begun = await find(({ verb, stage }) => verb === 'watch' && stage === 'ResponseStarted');
    await find(({ auditID, stage }) => auditID === begun.auditID && stage === 'ResponseComplete');
    await watching;
  });
});

describe('audit to places that take nothing', () => {
  it('holds no request, and counts what is lost', async () => {
    const sockets: (() => void)[] = [];
    const hanging = http.createServer();
    hanging.on('connection', (socket) => sockets.push(() => socket.destroy()));
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const { port } = hanging.address() as AddressInfo;
    // A full disk: every write fails.
    const log = { path: '/dev/full', maxMegabytes: 0, maxBackups: 0, maxAgeDays: 0 };
    const server = await startTestApiServer({
      audit: { policy: everything, log, webhook: { url: `http://127.0.0.1:${port}/` } },
    });
    try {
      for (let index = 0; index < 20; index += 1) await server.client.list(pods, { namespace: 'default' });
      await eventually('what is lost is counted', async () =>
        /apiserver_audit_error_total\{plugin="log"\} [1-9]/.test((await server.client.raw('GET', '/metrics')).text),
      );
    } finally {
      const closed = new Promise((resolve) => hanging.close(resolve));
      for (const destroy of sockets) destroy();
      await server.stop();
      await closed;
    }
  });
});
