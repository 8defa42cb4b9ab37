/** The API server talks to a kubelet only where its certificate says that it is the owner of the node's address. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import type { SecureVersion, TLSSocket } from 'node:tls';
import { nodes, pods } from '../../api/resources/core.ts';
import { StatusError } from '../../api/status-error.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { type CertificateRequest, issueCertificate } from '../../base/certificates.ts';
import { openSpdyCommand, openWebSocketCommand } from '../support/command-client.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('the way to a kubelet', () => {
  let server: TestApiServer;
  let kubelet: https.Server | undefined;
  let count = 0;
  /** Bytes that callers have sent once TLS was there. */
  let heard = 0;

  before(async () => {
    server = await startTestApiServer({ advertiseAddress: '127.0.0.1' });
  });
  after(() => server.stop());
  afterEach(() => {
    kubelet?.close();
    kubelet?.closeAllConnections();
  });

  /** A node whose kubelet has a certificate of the cluster's authority, and answers with its caller's name. */
  async function startNode(request: Partial<CertificateRequest>, version?: SecureVersion): Promise<string> {
    const { certificate, key } = await issueCertificate(server.authority, {
      commonName: 'x',
      usages: ['server'],
      ...request,
    });
    const ca = server.authority.certificate;
    const only = version && { minVersion: version, maxVersion: version };
    kubelet = https.createServer({ cert: certificate, key, ca, requestCert: true, ...only }, ({ socket }, response) => {
      response.end((socket as TLSSocket).getPeerCertificate().subject.CN);
    });
    heard = 0;
    kubelet.on('secureConnection', (socket: TLSSocket) => {
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.length;
      });
    });
    kubelet.listen(0, '127.0.0.1');
    await once(kubelet, 'listening');
    count += 1;
    const name = `n${count}`;
    const { port } = kubelet.address() as AddressInfo;
    await server.client.create<Node>(nodes, { metadata: { name } });
    const status = {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    };
    await server.client.patch<Node>(nodes, { name }, { type: 'merge', body: { status } }, { subresource: 'status' });
    return name;
  }

  const container = { name: 'c', image: 'none' };
  function unreachable(error: unknown): boolean {
    assert.ok(error instanceof StatusError);
    assert.equal(error.code, 503);
    assert.match(error.message, /error trying to reach 127\.0\.0\.1/);
    return true;
  }

  /** A POST is not tried again. */
  const ask = async (node: string) => (await server.client.raw('POST', `/api/v1/nodes/${node}/proxy/who`)).text;

  it('is open to the owner of the address', async () => {
    const node = await startNode({ ipAddresses: ['127.0.0.1'] });
    assert.equal(await ask(node), 'kube-apiserver-kubelet-client');
    assert.ok(heard > 0);
  });

  const others: Readonly<Record<string, Partial<CertificateRequest>>> = {
    'the kubelet of another node': { ipAddresses: ['192.0.2.7'] },
    'somebody who only has the name': { commonName: '127.0.0.1' },
    'a client': { ipAddresses: ['127.0.0.1'], usages: ['client'] },
  };
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    for (const [who, request] of Object.entries(others)) {
      it(`is closed to ${who} (${version})`, async () => {
        const node = await startNode(request, version);
        const pod = {
          metadata: { namespace: 'default', name: node },
          spec: { nodeName: node, containers: [container] },
        };
        await server.client.create<Pod>(pods, pod);
        const path = `/api/v1/namespaces/default/pods/${node}`;
        const exec = { connection: server.connection, path: `${path}/exec?command=id&stdout=1` };
        await assert.rejects(ask(node), unreachable);
        await assert.rejects(server.client.raw('POST', `${path}/portforward`), unreachable);
        await assert.rejects(openSpdyCommand({ ...exec, protocol: 'v4.channel.k8s.io' }, []), /503/);
        await assert.rejects(openWebSocketCommand({ ...exec, protocol: 'v4.channel.k8s.io' }), /503/);
        assert.equal(heard, 0, 'it was sent something');
      });
    }
});
