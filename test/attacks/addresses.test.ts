/**
 * Whoever may write pods, slices or nodes and use their `proxy` must not reach through the API server what listens on
 * that server's own loopback: it trusts whoever can connect.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { endpoints, nodes, pods, services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { StatusError } from '../../api/status-error.ts';
import type { Node, Pod, Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import { issueCertificate } from '../../base/certificates.ts';
import { hostAddresses } from '../../cluster/host.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { ensureNamespace } from '../support/test-kubelet.ts';

/** Ways to write the loopback address, or one of the link. */
const ownAddresses = [
  ...['127.0.0.1', '127.1', '0177.0.0.1', '0x7f.1', '2130706433', '0.0.0.0', '0', 'localhost'],
  ...['::1', '0:0:0:0:0:0:0:1', '::', '::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:7F00:0001', '::7f00:1'],
  ...['::ffff:0:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::', '::1%lo', 'fe80::1%lo', '169.254.169.254'],
];

let server: TestApiServer;
let listener: http.Server;
let tlsListener: https.Server;
let visits = 0;
let names = 0;

const portOf = (of: http.Server | https.Server): number => (of.address() as AddressInfo).port;
const nextName = (): string => {
  names += 1;
  return `a${names}`;
};

before(async () => {
  server = await startTestApiServer();
  await ensureNamespace(server, 'default');
  const { certificate: cert, key } = await issueCertificate(server.authority, {
    commonName: 'kubelet',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1', '::1'],
    usages: ['server'],
  });
  const answer: http.RequestListener = (_request, response) => {
    visits += 1;
    response.end('reached');
  };
  listener = http.createServer(answer).listen(0, '::');
  // Even one that has a certificate of the cluster, as etcd and the API server itself have.
  tlsListener = https.createServer({ cert, key }, answer).listen(0, '::');
  await Promise.all([once(listener, 'listening'), once(tlsListener, 'listening')]);
});
after(async () => {
  await server.stop();
  for (const one of [listener, tlsListener]) {
    one.close();
    one.closeAllConnections();
  }
});

async function startPod(podIP: string): Promise<string> {
  const name = nextName();
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  await server.client.create<Pod>(pods, { metadata: { name, namespace: 'default' }, spec });
  const body = { status: { podIP, phase: 'Running' } };
  const key = { namespace: 'default', name };
  await server.client.patch<Pod>(pods, key, { type: 'merge', body }, { subresource: 'status' });
  return name;
}

async function startService(address: string, addressType: 'IPv4' | 'IPv6' | 'FQDN'): Promise<string> {
  const metadata = { name: nextName(), namespace: 'default' };
  const ports = [{ name: 'http', port: 80 }];
  await server.client.create<Service>(services, { metadata, spec: { ports } });
  await server.client.create<EndpointSlice>(endpointSlices, {
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
    addressType,
    endpoints: [{ addresses: [address] }],
    ports: [{ name: 'http', port: portOf(listener), protocol: 'TCP' }],
  });
  return metadata.name;
}

async function startNode(address: string, type: 'InternalIP' | 'Hostname'): Promise<string> {
  const name = nextName();
  await server.client.create<Node>(nodes, { metadata: { name } });
  const kubeletEndpoint = { Port: portOf(tlsListener) };
  const body = { status: { addresses: [{ type, address }], daemonEndpoints: { kubeletEndpoint } } };
  await server.client.patch<Node>(nodes, { name }, { type: 'merge', body }, { subresource: 'status' });
  return name;
}

async function isKeptOut(path: string): Promise<void> {
  const before = visits;
  await assert.rejects(server.client.raw('POST', path), (error) => {
    assert.ok(error instanceof StatusError && [400, 404, 503].includes(error.code), String(error));
    return true;
  });
  assert.equal(visits, before, `${path} reached the listener`);
}

const isRefused = (error: unknown): boolean => error instanceof StatusError && error.code === 422;

/** What cannot be stored needs no other guard. */
async function orRefused(name: Promise<string>): Promise<string | undefined> {
  try {
    return await name;
  } catch (error) {
    assert.ok(isRefused(error), String(error));
    return undefined;
  }
}

describe('what listens on loopback beside the API server', () => {
  for (const address of ownAddresses) {
    it(`is out of reach at ${address}`, async () => {
      const pod = await orRefused(startPod(address));
      if (pod !== undefined) await isKeptOut(`/api/v1/namespaces/default/pods/${pod}:${portOf(listener)}/proxy/`);
      for (const type of ['InternalIP', 'Hostname'] as const) {
        const node = await startNode(address, type);
        await isKeptOut(`/api/v1/nodes/${node}/proxy/`);
        await isKeptOut(`/api/v1/nodes/${node}:${portOf(listener)}/proxy/`);
        await isKeptOut(`/api/v1/nodes/https:${node}:${portOf(tlsListener)}/proxy/`);
      }
      for (const type of ['IPv4', 'IPv6', 'FQDN'] as const) {
        const service = await orRefused(startService(address, type));
        assert.ok(service === undefined || type === 'FQDN', `a slice of ${type} took ${address}`);
        if (service !== undefined) await isKeptOut(`/api/v1/namespaces/default/services/${service}/proxy/`);
      }
      const subsets = [{ addresses: [{ ip: address }], ports: [{ port: 80 }] }];
      await assert.rejects(
        server.client.create(endpoints, { metadata: { name: nextName(), namespace: 'default' }, subsets }),
        isRefused,
      );
    });
  }

  it('leaves the way to other addresses open', async () => {
    const [address] = hostAddresses();
    assert.ok(address !== undefined, 'this machine has an address of its own');
    const pod = await startPod(address);
    const service = await startService(address, 'IPv4');
    const named = await startService(address, 'FQDN');
    const node = await startNode(address, 'InternalIP');
    for (const what of [
      `namespaces/default/pods/${pod}:${portOf(listener)}`,
      `namespaces/default/services/${service}`,
      `namespaces/default/services/${named}`,
      `nodes/${node}:${portOf(listener)}`,
    ]) {
      assert.equal((await server.client.raw('POST', `/api/v1/${what}/proxy/`)).text, 'reached', what);
    }
  });

  it('is no external address of a Service', async () => {
    for (const address of ownAddresses) {
      const metadata = { name: nextName(), namespace: 'default' };
      const spec = { ports: [{ port: 80 }], externalIPs: [address] };
      await assert.rejects(server.client.create<Service>(services, { metadata, spec }), isRefused);
    }
    const metadata = { name: nextName(), namespace: 'default' };
    await server.client.create<Service>(services, { metadata, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
    for (const ip of ownAddresses) {
      const body = { status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } } };
      const patch = server.client.patch<Service>(
        services,
        metadata,
        { type: 'merge', body },
        { subresource: 'status' },
      );
      await assert.rejects(patch, isRefused, ip);
    }
  });
});
