import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createAuthority, type KeyPair } from '../../base/certificates.ts';
import { readWebhookTarget } from './webhook-target.ts';

const url = 'https://192.0.2.1/authorize';
const hidden = 'hidden-word';
const kubeconfig = (cluster: object, user: object = {}) =>
  JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'a', user: 'u' } }],
    clusters: [{ name: 'a', cluster }],
    users: [{ name: 'u', user }],
  });
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('whom a webhook asks', () => {
  let folder: string;
  let file: string;
  let one: KeyPair;
  let other: KeyPair;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-webhook-'));
    file = join(folder, 'kubeconfig');
    [one, other] = [await createAuthority('one'), await createAuthority('other')];
    await writeFile(join(folder, 'token'), `${hidden}\n`);
  });
  after(() => rm(folder, { recursive: true }));

  const read = async (text: string) => {
    await writeFile(file, text);
    return await readWebhookTarget(file, '--flag');
  };

  it('is a server, with data or files beside the kubeconfig', async () => {
    const user = { 'client-certificate-data': base64(one.certificate), 'client-key-data': base64(one.key) };
    const authority = { 'certificate-authority-data': base64(other.certificate), 'tls-server-name': 'a.example.com' };
    assert.deepEqual(await read(kubeconfig({ server: url, ...authority }, { ...user, tokenFile: 'token' })), {
      url,
      certificateAuthority: other.certificate,
      clientCertificate: one.certificate,
      clientKey: one.key,
      token: hidden,
      tlsServerName: 'a.example.com',
      insecureSkipTlsVerify: false,
    });
  });

  const refusals: readonly (readonly [said: string, text: () => string])[] = [
    ['neither YAML nor JSON', () => `{token: ${hidden}`],
    ['the current context names no cluster with a server', () => kubeconfig({})],
    ['server: must be a URL of http or https', () => kubeconfig({ server: 'ldap://a' })],
    [
      'certificate-authority is no certificate in PEM',
      () => kubeconfig({ server: url, 'certificate-authority-data': base64(hidden) }),
    ],
    [
      'client-certificate and client-key belong together',
      () => kubeconfig({ server: url }, { 'client-key-data': base64(hidden) }),
    ],
    [
      'client-certificate and client-key are no certificate in PEM with its key',
      () =>
        kubeconfig(
          { server: url },
          { 'client-certificate-data': base64(one.certificate), 'client-key-data': base64(other.key) },
        ),
    ],
  ];
  for (const [said, text] of refusals)
    it(`is refused: ${said}`, async () => {
      await assert.rejects(read(text()), { name: 'UserError', message: `--flag ${file}: ${said}` });
    });
});
