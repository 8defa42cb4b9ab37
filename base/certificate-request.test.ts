import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createCertificateRequest, parseCertificateRequest } from './certificate-request.ts';
import { encodePem, parsePem } from './pem.ts';

const folder = mkdtempSync(join(tmpdir(), 'longshore-csr-'));

/** What OpenSSL makes. */
function openssl(...words: string[]): string {
  const [key, out] = [join(folder, 'key'), join(folder, 'csr')];
  execFileSync('openssl', ['req', '-new', '-nodes', '-keyout', key, '-out', out, ...words], { stdio: 'pipe' });
  return readFileSync(out, 'utf8');
}

describe('certificate requests', () => {
  after(() => rmSync(folder, { recursive: true }));

  it('are read as they were made', async () => {
    const asked = {
      commonName: 'system:node:w1',
      organizations: ['system:nodes'],
      dnsNames: ['w1'],
      ipAddresses: ['10.0.0.7', '2001:db8::1'],
    };
    const { request } = await createCertificateRequest(asked);
    const { publicKey: _, ...facts } = parseCertificateRequest(request);
    assert.deepEqual(facts, { ...asked, commonNameCount: 1, otherSubject: {}, emailAddresses: [], uris: [] });
  });

  it('have names as they are, whatever the characters', async () => {
    for (const commonName of ['#61', 'a"b"c', 'a\\0ab', 'ä,O=system:masters', 'x+O=y', '']) {
      const { request } = await createCertificateRequest({ commonName, organizations: [] });
      const facts = parseCertificateRequest(request);
      assert.deepEqual([facts.commonName, facts.organizations], [commonName, []]);
    }
  });

  for (const [title, words] of [
    ['RSA', ['-newkey', 'rsa:2048']],
    ['RSA-PSS', ['-newkey', 'rsa:2048', '-sigopt', 'rsa_padding_mode:pss', '-sha256']],
    ['P-384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1', '-sha384']],
    ['Ed25519', ['-newkey', 'ed25519']],
  ] as const) {
    it(`of OpenSSL with ${title} are verified`, () => {
      const names = [
        '-subj',
        '/C=DE/O=a/O=b/OU=unit/CN=first/CN=ada',
        '-addext',
        'subjectAltName=DNS:x,email:a@b,URI:spiffe://c/d',
      ];
      const facts = parseCertificateRequest(openssl(...words, ...names));
      assert.deepEqual([facts.commonName, facts.commonNameCount], ['ada', 2]);
      assert.deepEqual(facts.organizations, ['a', 'b']);
      assert.deepEqual(facts.otherSubject, { '2.5.4.6': ['DE'], '2.5.4.11': ['unit'] });
      assert.deepEqual([facts.dnsNames, facts.emailAddresses, facts.uris], [['x'], ['a@b'], ['spiffe://c/d']]);
    });
  }

  it('never ask for anything else when a byte was changed', async () => {
    const { request } = await createCertificateRequest({ commonName: 'a', dnsNames: ['b'] });
    const asked = parseCertificateRequest(request);
    const [block] = parsePem(request);
    assert.ok(block);
    let refused = 0;
    for (let at = 0; at < block.der.length; at += 1) {
      const changed = Buffer.from(block.der);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      const text = encodePem(changed, 'CERTIFICATE REQUEST');
      try {
        // Outside of what is signed, a byte may be another one.
        assert.deepEqual(parseCertificateRequest(text), asked, `byte ${at}`);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        refused += 1;
      }
    }
    assert.ok(refused > block.der.length - 10, `${refused} of ${block.der.length}`);
  });

  it('are refused with a reason when they are something else', async () => {
    const { request } = await createCertificateRequest({ commonName: 'a' });
    for (const [text, says] of [
      ['', /PEM block type must be CERTIFICATE REQUEST/],
      [request.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'), /PEM block type must be CERTIFICATE REQUEST/],
      [encodePem(Buffer.from('x'), 'CERTIFICATE REQUEST'), /malformed certificate request/],
      [encodePem(Buffer.alloc(5000, 0x30), 'CERTIFICATE REQUEST'), /malformed certificate request/],
      [openssl('-newkey', 'rsa:2048', '-sha1', '-subj', '/CN=a'), /insecure algorithm SHA-1/],
      [`${request}${'x'.repeat(200_000)}`, /more than 131072 bytes/],
    ] as const)
      assert.throws(() => parseCertificateRequest(text), says);
  });
});
