import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { load } from 'js-yaml';
import { createAuthority, issueCertificate } from '../base/certificates.ts';
import { renderKubeconfig, widelyReadKey } from './kubeconfig.ts';

const request = { commonName: 'admin', organizations: ['system:masters'], usages: ['client'] } as const;

describe('the kubeconfig of a user', () => {
  it('holds the key as SEC 1, which every client reads, whatever form it is kept in', async () => {
    const authority = await createAuthority('test');
    const { certificate, key } = await issueCertificate(authority, request);
    const sec1 = createPrivateKey(key).export({ type: 'sec1', format: 'pem' }).toString();
    for (const kept of [key, sec1]) {
      const text = renderKubeconfig({
        server: 'https://127.0.0.1:6443',
        certificateAuthority: authority.certificate,
        user: 'admin',
        client: { certificate, key: kept },
      });
      const { users } = load(text) as { users: { user: { 'client-key-data': string } }[] };
      const written = Buffer.from(users[0]?.user['client-key-data'] ?? '', 'base64').toString();
      assert.match(written, /^-----BEGIN EC PRIVATE KEY-----/);
      assert.ok(createPrivateKey(written).equals(createPrivateKey(key)));
    }
  });

  it('holds a key of RSA as PKCS #1', async () => {
    const authority = await createAuthority('test');
    const { certificate, key } = await issueCertificate(authority, { ...request, keyType: 'rsa' });
    assert.match(key, /^-----BEGIN RSA PRIVATE KEY-----/);
    const pkcs8 = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString();
    assert.equal(widelyReadKey(pkcs8), key);
    const parsed = new X509Certificate(certificate);
    assert.ok(parsed.checkPrivateKey(createPrivateKey(key)));
    assert.ok(parsed.verify(new X509Certificate(authority.certificate).publicKey));
  });

  it('leaves keys of other kinds as they are', () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    assert.equal(widelyReadKey(pem), pem);
  });
});

describe('an authority', () => {
  it('signs with its key in either form', async () => {
    const { certificate, key } = await createAuthority('test');
    const sec1 = createPrivateKey(key).export({ type: 'sec1', format: 'pem' }).toString();
    for (const kept of [key, sec1]) await issueCertificate({ certificate, key: kept }, request);
  });
});
