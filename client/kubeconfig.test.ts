import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readKubeconfig } from './kubeconfig.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
const encoded = Buffer.from(pem).toString('base64');

describe('kubeconfig', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    await writeFile(join(folder, 'ca.pem'), pem);
  });
  after(() => rm(folder, { recursive: true }));

  async function write(cluster: object, user: object): Promise<string> {
    const path = join(folder, 'config');
    const config = {
      'current-context': 'main',
      contexts: [
        { name: 'main', context: { cluster: 'c', user: 'u', namespace: 'shop' } },
        { name: 'other', context: { cluster: 'gone', user: 'u' } },
      ],
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  it('reads data from the file itself and from the files it names', async () => {
    const path = await write(
      { server: 'https://a:6443,https://b:6443', 'certificate-authority': 'ca.pem' },
      { 'client-certificate-data': encoded, 'client-key-data': encoded },
    );
    assert.deepEqual(await readKubeconfig(path), {
      servers: ['https://a:6443', 'https://b:6443'],
      certificateAuthority: pem,
      authorityFile: join(folder, 'ca.pem'),
      clientCertificate: pem,
      clientKey: pem,
      namespace: 'shop',
    });
  });

  it('says where a certificate comes from that is renewed in place', async () => {
    const user = { 'client-certificate': 'ca.pem', 'client-key': 'ca.pem' };
    const { clientFiles, clientCertificate } = await readKubeconfig(await write({ server: 'https://a' }, user));
    const file = join(folder, 'ca.pem');
    assert.deepEqual(clientFiles, { certificateFile: file, keyFile: file });
    assert.equal(clientCertificate, pem);
    const data = await readKubeconfig(await write({ server: 'https://a' }, { ...user, 'client-key-data': encoded }));
    assert.equal(data.clientFiles, undefined);
  });

  it('reads tokens', async () => {
    const server = { server: 'https://a', 'insecure-skip-tls-verify': true };
    const withToken = await readKubeconfig(await write(server, { token: 'secret' }));
    assert.deepEqual([withToken.token, withToken.insecureSkipTlsVerify], ['secret', true]);
    const withFile = await readKubeconfig(await write(server, { tokenFile: 'token' }));
    assert.equal(withFile.tokenFile, join(folder, 'token'));
  });

  const server = { server: 'https://a' };
  const refusals: { name: string; cluster: object; user: object; context?: string; message: RegExp }[] = [
    { name: 'an unknown context', cluster: server, user: {}, context: 'nope', message: /no context named "nope"/ },
    { name: 'an unknown cluster', cluster: server, user: {}, context: 'other', message: /no cluster named "gone"/ },
    { name: 'no server', cluster: {}, user: {}, message: /cluster: server is missing/ },
    { name: 'half a key pair', cluster: server, user: { 'client-key-data': encoded }, message: /belong together/ },
    { name: 'a plugin', cluster: server, user: { exec: { command: 'x' } }, message: /exec: not supported/ },
    { name: 'a missing file', cluster: { ...server, 'certificate-authority': 'no.pem' }, user: {}, message: /no\.pem/ },
    { name: 'broken data', cluster: { ...server, 'certificate-authority-data': 'AA==' }, user: {}, message: /PEM/ },
  ];
  for (const { name, cluster, user, context, message } of refusals) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(readKubeconfig(await write(cluster, user), context), message);
    });
  }

  it('refuses a file that is not there', async () => {
    await assert.rejects(readKubeconfig(join(folder, 'nothing')), /cannot read/);
  });
});
