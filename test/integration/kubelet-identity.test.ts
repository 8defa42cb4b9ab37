/** The API server talks to a kubelet only where its certificate says that it is the owner of the node's address. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { Node } from 'kubernetes-types/core/v1';
import { nodes } from '../../api/core/node.ts';
import { StatusError } from '../../api/status-error.ts';
import { type CertificateRequest, issueCertificate } from '../../base/certificates.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('the way to a kubelet', () => {
  let server: TestApiServer;
  let kubelet: https.Server | undefined;
  let count = 0;

  before(async () => {
    server = await startTestApiServer({ advertiseAddress: '127.0.0.1' });
  });
  after(() => server.stop());
  afterEach(() => {
    kubelet?.close();
    kubelet?.closeAllConnections();
  });

  /** A node whose kubelet has a certificate of the cluster's authority, and answers with its caller's name. */
  async function startNode(request: Partial<CertificateRequest>): Promise<string> {
    const { certificate, key } = await issueCertificate(server.authority, {
      commonName: 'x',
      usages: ['server'],
      ...request,
    });
    const ca = server.authority.certificate;
    kubelet = https.createServer({ cert: certificate, key, ca, requestCert: true }, ({ socket }, response) => {
      response.end((socket as TLSSocket).getPeerCertificate().subject.CN);
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

  /** A POST is not tried again. */
  const ask = async (node: string) => (await server.client.raw('POST', `/api/v1/nodes/${node}/proxy/who`)).text;

  it('is open to the owner of the address', async () => {
    const node = await startNode({ ipAddresses: ['127.0.0.1'] });
    assert.equal(await ask(node), 'kube-apiserver-kubelet-client');
  });

  const others: Readonly<Record<string, Partial<CertificateRequest>>> = {
    'the kubelet of another node': { ipAddresses: ['192.0.2.7'] },
    'somebody who only has the name': { commonName: '127.0.0.1' },
    'a client': { ipAddresses: ['127.0.0.1'], usages: ['client'] },
  };
  for (const [who, request] of Object.entries(others)) {
    it(`is closed to ${who}`, async () => {
      const node = await startNode(request);
      await assert.rejects(ask(node), (error) => {
        assert.ok(error instanceof StatusError);
        assert.equal(error.code, 503);
        assert.match(error.message, /error trying to reach 127\.0\.0\.1/);
        return true;
      });
    });
  }
});
