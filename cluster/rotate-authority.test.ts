import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { certificatesOf } from '../base/pem.ts';
import { listCertificates } from './certificate-inventory.ts';
import { ensureCertificates } from './certificates.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { renewCertificates, requestOf } from './renew-certificates.ts';
import { nextStep, takeStep } from './rotate-authority.ts';

const now = Date.UTC(2030, 0, 1);
const dayMs = 86_400_000;

describe('certificates by hand', () => {
  let dataDir: string;
  const ensure = (at = now) =>
    ensureCertificates({
      folder: join(dataDir, 'pki'),
      nodeName: 'w1',
      serverNames: [],
      serverAddresses: ['10.0.0.7', '2001:db8::1'],
      now: at,
    });
  const bundle = () => readFile(join(dataDir, 'pki', 'ca.crt'), 'utf8');
  const kubeconfig = () => readFile(join(dataDir, 'admin.kubeconfig'), 'utf8');
  const rotation = () => ({ dataDir, authority: 'ca', now }) as const;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'longshore-certs-'));
    const { authority, admin } = await ensure();
    const file = join(dataDir, 'admin.kubeconfig');
    const { certificate, key } = admin;
    const client = { certificate, key };
    await writeKubeconfig(file, {
      server: 'https://x:1',
      certificateAuthority: authority.bundle,
      user: 'admin',
      client,
    });
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  async function statesAt(at: number): Promise<string[]> {
    return [...new Set((await listCertificates(dataDir, at)).map(({ state }) => state))].sort();
  }

  it('are listed with how long they are good', async () => {
    const listed = await listCertificates(dataDir, now);
    assert.equal(listed.length, 18);
    assert.ok(listed.some(({ file, subject }) => file === 'admin.kubeconfig' && subject.includes('CN=admin')));
    assert.deepEqual(await statesAt(now), ['ok']);
    assert.deepEqual(await statesAt(now + 300 * dayMs), ['due', 'ok']);
    assert.deepEqual(await statesAt(now + 400 * dayMs), ['EXPIRED', 'ok']);
    assert.deepEqual(await statesAt(now + 4000 * dayMs), ['EXPIRED']);
    await writeFile(join(dataDir, 'pki', 'proxy.crt'), 'half a');
    assert.ok((await statesAt(now)).includes('UNREADABLE'));
  });

  it('are renewed under the same names, with a new key and the same length of life', async () => {
    const before = await ensure();
    const renewed = await renewCertificates({ dataDir, names: ['apiserver'], onlyExpired: false, now: now + dayMs });
    assert.deepEqual(renewed.names, ['apiserver']);
    const after = await ensure(now + dayMs);
    assert.notEqual(after.apiServer.key, before.apiServer.key);
    assert.deepEqual(requestOf(after.apiServer.certificate), requestOf(before.apiServer.certificate));
    assert.equal(after.admin.certificate, before.admin.certificate);
    await assert.rejects(
      renewCertificates({ dataDir, names: ['ca'], onlyExpired: false, now }),
      /no certificate ca in .*; there are admin/,
    );
  });

  it('that have all run out are mended by one command, the authority too, and the kubeconfig with them', async () => {
    const later = now + 4000 * dayMs;
    await assert.rejects(ensure(later), /kubecfg certs renew --expired/);
    const before = await ensure();
    const renewed = await renewCertificates({ dataDir, names: [], onlyExpired: true, now: later });
    assert.deepEqual(renewed.authorities, ['ca', 'kubelet-ca', 'etcd-ca', 'front-proxy-ca']);
    assert.deepEqual(await statesAt(later), ['ok']);
    const after = await ensure(later);
    assert.equal(after.authority.key, before.authority.key);
    assert.ok((await kubeconfig()).includes(Buffer.from(after.authority.bundle).toString('base64')));
    const again = await renewCertificates({ dataDir, names: [], onlyExpired: true, now: later });
    assert.deepEqual([again.authorities, again.names], [[], []]);
  });

  it('are all signed by a new authority after three steps, each of which is trusted by the one before', async () => {
    const old = await ensure();
    assert.equal(await nextStep(rotation()), 'trust');
    await assert.rejects(takeStep('drop', rotation()), /next step for ca is "trust", not "drop"/);
    await takeStep('trust', rotation());
    assert.equal(certificatesOf(await bundle()).length, 2);
    assert.deepEqual((await ensure()).apiServer, old.apiServer);
    assert.ok((await kubeconfig()).includes(Buffer.from(await bundle()).toString('base64')));

    assert.equal(await nextStep(rotation()), 'switch');
    await takeStep('switch', rotation());
    const switched = await ensure();
    assert.equal(certificatesOf(switched.authority.bundle).length, 2);
    const signing = new X509Certificate(switched.authority.certificate);
    assert.notEqual(switched.authority.certificate, old.authority.certificate);
    assert.ok(new X509Certificate(switched.admin.certificate).verify(signing.publicKey));

    assert.equal(await nextStep(rotation()), 'drop');
    await takeStep('drop', rotation());
    assert.equal(await bundle(), switched.authority.certificate);
    assert.deepEqual((await ensure()).admin, switched.admin);
    assert.equal(await nextStep(rotation()), 'trust');
    assert.deepEqual(
      (await readdir(join(dataDir, 'pki'))).filter((file) => /next|tmp|lock/.test(file)),
      [],
    );
  });

  it('go on where a rotation was cut off', async () => {
    const pki = (file: string) => join(dataDir, 'pki', file);
    await writeFile(pki('ca-next.key'), 'half a key');
    assert.equal(await nextStep(rotation()), 'trust');
    await takeStep('trust', rotation());
    // Killed after the key had taken its place, before anything was signed by it.
    await rename(pki('ca-next.key'), pki('ca.key'));
    assert.equal(await nextStep(rotation()), 'switch');
    await takeStep('switch', rotation());
    const { authority, admin } = await ensure();
    assert.ok(new X509Certificate(admin.certificate).verify(new X509Certificate(authority.certificate).publicKey));
    assert.equal(await nextStep(rotation()), 'drop');
  });
});
