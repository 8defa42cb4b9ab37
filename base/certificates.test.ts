import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import { createAuthority, issueCertificate } from './certificates.ts';

describe('certificates', () => {
  it('let a TLS server and client trust each other, and carry name and groups', async () => {
    const authority = await createAuthority('longshore-ca');
    const server = await issueCertificate(authority, {
      commonName: 'apiserver',
      dnsNames: ['localhost'],
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
    });
    const client = await issueCertificate(authority, {
      commonName: 'ann',
      organizations: ['system:masters', 'ops'],
      usages: ['client'],
    });
    const listener = tls.createServer({
      cert: server.certificate,
      key: server.key,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const accepted = once(listener, 'secureConnection');
    const socket = tls.connect({
      host: '127.0.0.1',
      port: (listener.address() as AddressInfo).port,
      ca: authority.certificate,
      cert: client.certificate,
      key: client.key,
    });
    const [peer] = (await accepted) as [tls.TLSSocket];
    const { subject } = peer.getPeerCertificate();
    assert.equal(subject.CN, 'ann');
    assert.deepEqual(subject.O, ['system:masters', 'ops']);
    socket.destroy();
    peer.destroy();
    listener.close();
  });

  it('end when they were asked to', async () => {
    const now = Date.UTC(2030, 0, 1);
    const authority = await createAuthority('longshore-ca', now);
    const pair = await issueCertificate(authority, { commonName: 'x', usages: ['client'], validForMs: 3_600_000 }, now);
    assert.equal(Date.parse(new X509Certificate(pair.certificate).validTo), now + 3_600_000);
  });
});
