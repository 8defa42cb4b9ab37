import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { issueCertificate } from '../base/certificates.ts';
import { type CertificateOptions, ensureCertificates } from './certificates.ts';
import { writePair } from './pki-files.ts';
import { requestOf } from './renew-certificates.ts';

describe('ensureCertificates', () => {
  const now = Date.UTC(2030, 0, 1);
  let folder: string;
  let options: CertificateOptions;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-pki-'));
    options = { folder, nodeName: 'w1', serverNames: ['master'], serverAddresses: ['10.0.0.7', '10.96.0.1'], now };
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('makes an authority and what it signs, with the names that were asked for', async () => {
    const made = await ensureCertificates(options);
    const server = new X509Certificate(made.apiServer.certificate);
    assert.ok(server.verify(new X509Certificate(made.authority.certificate).publicKey));
    for (const name of ['localhost', 'kubernetes.default.svc', 'master']) assert.ok(server.checkHost(name), name);
    for (const address of ['127.0.0.1', '10.0.0.7', '10.96.0.1']) assert.ok(server.checkIP(address), address);
    assert.match(new X509Certificate(made.admin.certificate).subject, /O=system:masters\nCN=admin/);
    assert.match(made.admin.key, /^-----BEGIN RSA PRIVATE KEY-----/);
  });

  it('keeps keys to their owner', async () => {
    await chmod(folder, 0o755);
    await ensureCertificates(options);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    for (const name of await readdir(folder)) {
      const { mode } = await stat(join(folder, name));
      assert.equal(mode & 0o777, name.endsWith('.key') ? 0o600 : 0o644, name);
    }
  });

  it('gives people another key where theirs is not of RSA, and renews it as such', async () => {
    const { authority } = await ensureCertificates(options);
    const request = { commonName: 'admin', organizations: ['system:masters'], usages: ['client'] } as const;
    const earlier = await issueCertificate(authority, request, now);
    await writePair(folder, 'admin', earlier);
    const { admin } = await ensureCertificates(options);
    assert.match(admin.key, /^-----BEGIN RSA PRIVATE KEY-----/);
    assert.equal(requestOf(admin.certificate)?.keyType, 'rsa');
    assert.equal(requestOf(earlier.certificate)?.keyType, undefined);
  });

  it('changes nothing when called again', async () => {
    assert.deepEqual(await ensureCertificates(options), await ensureCertificates(options));
  });

  it('renews leaves in the last third of their life, and keeps the authority', async () => {
    const before = await ensureCertificates(options);
    const yearMs = 365 * 86_400_000;
    assert.deepEqual(await ensureCertificates({ ...options, now: now + yearMs * 0.66 }), before);
    const after = await ensureCertificates({ ...options, now: now + yearMs * 0.67 });
    assert.equal(after.authority.certificate, before.authority.certificate);
    assert.notEqual(after.admin.certificate, before.admin.certificate);
  });

  it('makes only the server certificates again when the address of the machine changed', async () => {
    const before = await ensureCertificates(options);
    const after = await ensureCertificates({ ...options, serverAddresses: ['10.0.0.8'] });
    assert.notEqual(after.apiServer.certificate, before.apiServer.certificate);
    assert.equal(after.admin.certificate, before.admin.certificate);
  });

  it('refuses a clock that is off, and changes nothing', async () => {
    await assert.rejects(ensureCertificates({ ...options, now: 0 }), /clock of this machine says 1970-01-01T.*set it/);
    const before = await ensureCertificates(options);
    const dayMs = 86_400_000;
    for (const [wrong, says] of [
      [now - 30 * dayMs, /before the certificates of this cluster were made.*Set the clock/],
      [now + 3_700 * dayMs, /ended on .*kubecfg certs renew --expired/],
    ] as const) {
      await assert.rejects(ensureCertificates({ ...options, now: wrong }), says);
    }
    assert.deepEqual(await ensureCertificates(options), before);
  });

  it('makes leaves again that a clock which was ahead made', async () => {
    await ensureCertificates(options);
    const yearMs = 365 * 86_400_000;
    const ahead = await ensureCertificates({ ...options, now: now + 3 * yearMs });
    const after = await ensureCertificates(options);
    assert.notEqual(after.admin.certificate, ahead.admin.certificate);
    assert.ok(Date.parse(new X509Certificate(after.admin.certificate).validFrom) <= now);
  });

  it('replaces a damaged leaf, and refuses a damaged authority with what to do', async () => {
    const before = await ensureCertificates(options);
    await writeFile(join(folder, 'admin.key'), '');
    const after = await ensureCertificates(options);
    assert.notEqual(after.admin.certificate, before.admin.certificate);

    await writeFile(join(folder, 'ca.crt'), (await readFile(join(folder, 'ca.crt'), 'utf8')).slice(0, 100));
    await assert.rejects(ensureCertificates(options), /ca\.crt .* Restore them from a backup/);
  });

  for (const lost of [['ca.key'], ['ca.crt'], ['ca.key', 'ca.crt']]) {
    it(`refuses to replace an authority that has lost ${lost.join(' and ')}, and changes nothing`, async () => {
      await ensureCertificates(options);
      for (const name of lost) await rm(join(folder, name));
      const before = await contentsOf(folder);
      const says = new RegExp(`${lost[0]}.* missing\\. Restore .* from a backup .*Nothing was changed`);
      await assert.rejects(ensureCertificates(options), says);
      assert.deepEqual(await contentsOf(folder), before);
    });
  }

  it('makes a leaf anew of which one file is missing', async () => {
    for (const name of ['admin.key', 'admin.crt']) {
      const before = await ensureCertificates(options);
      await rm(join(folder, name));
      const after = await ensureCertificates(options);
      assert.notEqual(after.admin.certificate, before.admin.certificate);
      assert.deepEqual(after.authority, before.authority);
    }
  });
});

async function contentsOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])),
  );
}
