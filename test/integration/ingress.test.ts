/** The ingress against the real API server, with the rights that it has in a cluster: what it learns, and what it tells. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { configMaps, events, nodes, secrets, services } from '../../api/resources/core.ts';
import { ingressClasses, ingresses } from '../../api/resources/networking.ts';
import { isForbidden } from '../../api/status-error.ts';
import type { Node, Secret, Service } from '../../api/types/core/v1.ts';
import type { Ingress, IngressClass } from '../../api/types/networking/v1.ts';
import { createAuthority, issueCertificate } from '../../base/certificates.ts';
import { listeningPort } from '../../base/listening-port.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { ingressSettings } from '../../cluster/ingress-component.ts';
import { type RunningIngress, startIngress } from '../../ingress/ingress.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const nodeIp = '192.0.2.10';

describe('the ingress and its objects', () => {
  let server: TestApiServer;
  let ingress: RunningIngress;
  const start = async (flags = {}) =>
    await startIngress({
      ...ingressSettings({ 'http-port': 0, 'https-port': 0, 'bind-address': '127.0.0.1', ...flags }),
      connection: await server.connectAs('longshore:ingress'),
      logger: silentLogger,
      nodeName: 'one',
      nodeIp,
    });
  const said = async (reason: string, text: string): Promise<boolean> => {
    const { items } = await server.client.list(events);
    return items.some((event) => event.reason === reason && event.message?.includes(text));
  };
  const addressOf = async (name: string) => {
    const { status } = await server.client.get<Ingress>(ingresses, { namespace, name });
    return status?.loadBalancer?.ingress?.map(({ ip }) => ip);
  };
  const status = async (): Promise<number> => (await fetch(`http://127.0.0.1:${ingress.httpPort}/`)).status;

  before(async () => {
    server = await startTestApiServer();
    const { client } = server;
    await client.create<IngressClass>(ingressClasses, {
      metadata: { name: 'longshore' },
      spec: { controller: 'longshore.dev/ingress' },
    });
    await client.create<IngressClass>(ingressClasses, {
      metadata: { name: 'other' },
      spec: { controller: 'other.example/x' },
    });
    await client.create<Service>(services, { metadata: { name: 'web', namespace }, spec: { ports: [{ port: 80 }] } });
    ingress = await start();
    await eventually('it serves', () => ingress.whyNotReady() === undefined);
  });
  after(async () => {
    await ingress.stop();
    await server.stop();
  });

  const create = async (name: string, spec: NonNullable<Ingress['spec']>, annotations: Record<string, string> = {}) =>
    await server.client.create<Ingress>(ingresses, { metadata: { name, namespace, annotations }, spec });
  const toWeb = { service: { name: 'web', port: { number: 80 } } };

  it('answers 404 before there is a rule, and 503 for one whose Service has no endpoint', async () => {
    assert.equal(await status(), 404);
    await create('all', { ingressClassName: 'longshore', defaultBackend: toWeb });
    await eventually('the rule is there', async () => (await status()) === 503);
  });

  it('says its address on its own Ingresses only', async () => {
    await create('mine', { ingressClassName: 'longshore', rules: [{ host: 'mine.example' }] });
    await create('others', { ingressClassName: 'other', rules: [{ host: 'others.example' }] });
    await eventually('mine has the address', async () => (await addressOf('mine'))?.includes(nodeIp));
    assert.equal(await addressOf('others'), undefined);
  });

  it('tells of a certificate that is missing, and serves it once it is there', async () => {
    await create('tls', {
      ingressClassName: 'longshore',
      tls: [{ hosts: ['tls.example'], secretName: 'late' }],
      rules: [{ host: 'tls.example' }],
    });
    await eventually('there is an event', () => said('BadCertificate', 'The Secret late does not exist'));
    const request = { commonName: 'late', dnsNames: ['tls.example'], usages: ['server'] } as const;
    const { certificate, key } = await issueCertificate(await createAuthority('test'), request);
    await server.client.create<Secret>(secrets, {
      metadata: { name: 'late', namespace },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': Buffer.from(certificate).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') },
    });
    await eventually('the certificate is served', async () => {
      const to = { host: '127.0.0.1', port: ingress.httpsPort ?? 0, servername: 'tls.example' };
      const socket = connect({ ...to, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN === 'late';
    });
  });

  it('tells of what it does not act on, and of what is not there', async () => {
    const paths = [
      { path: '/a', pathType: 'Prefix', backend: { service: { name: 'nobody', port: { number: 80 } } } },
      { path: '/b', pathType: 'Prefix', backend: { resource: { apiGroup: 'x.example', kind: 'Bucket', name: 'b' } } },
    ];
    const rules = [{ host: 'told.example', http: { paths } }];
    await create(
      'told',
      { ingressClassName: 'longshore', rules },
      { 'nginx.ingress.kubernetes.io/affinity': 'cookie' },
    );
    await eventually('annotations', () => said('UnsupportedAnnotation', 'affinity'));
    await eventually('Services', () => said('ServiceNotFound', 'nobody'));
    await eventually('resources', () => said('ResourceBackend', 'Bucket b'));
  });

  it('tries again for a port that another program has', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = listeningPort(other);
    const second = await start({ 'http-port': port });
    await eventually('there is an event', () => said('IngressPortUnavailable', `port ${port}`));
    assert.match(second.whyNotReady() ?? '', new RegExp(String(port)));
    other.close();
    await eventually('it has the port', () => second.httpPort === port);
    await second.stop();
  });

  it('takes its address away at the end, and leaves those of ready nodes', async () => {
    const { client } = server;
    const key = { namespace, name: 'shared' };
    const other = '192.0.2.11';
    await client.create<Node>(nodes, { metadata: { name: 'two' } });
    const ready = {
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: other }],
    };
    const ofStatus = { subresource: 'status' };
    await client.patch<Node>(nodes, { name: 'two' }, { type: 'merge', body: { status: ready } }, ofStatus);
    await create('shared', { ingressClassName: 'longshore', rules: [{ host: 'shared.example' }] });
    const body = { status: { loadBalancer: { ingress: [{ ip: other }] } } };
    await client.patch<Ingress>(ingresses, key, { type: 'merge', body }, ofStatus);
    const both = async () => (await addressOf('shared'))?.join() === `${nodeIp},${other}`;
    await eventually('both are there', both);
    await ingress.stop();
    assert.deepEqual(await addressOf('shared'), [other]);
    ingress = await start();
    await eventually('both are there again', both);
  });

  it('may do no more than it has to', async () => {
    const connection = await server.connectAs('longshore:ingress');
    const client = createRestClient(connection, { userAgent: 'test', logger: silentLogger });
    await assert.rejects(client.list(configMaps), isForbidden);
    await assert.rejects(client.get<Secret>(secrets, { namespace, name: 'late' }), isForbidden);
    const change = { type: 'merge', body: { spec: { rules: [] } } } as const;
    await assert.rejects(client.patch<Ingress>(ingresses, { namespace, name: 'mine' }, change), isForbidden);
    await client.close();
  });
});
