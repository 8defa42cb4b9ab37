/** `kubecfg -proxy -www` and the password file of `-auth`: what they let through, and what not. */

import assert from 'node:assert/strict';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { configMaps } from '../../api/resources/core.ts';
import { createAuthority } from '../../base/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('kubecfg -proxy', { timeout: 600_000 }, () => {
  let server: TestApiServer;
  let kubecfg: TestKubecfg;
  let port: number;
  const stop = new AbortController();
  let running: ReturnType<TestKubecfg['run']>;

  before(async () => {
    server = await startTestApiServer();
    kubecfg = await TestKubecfg.open(server.connection);
    const folder = join(dirname(await kubecfg.file('secret', 'not yours')), 'www');
    await mkdir(join(folder, 'deep'), { recursive: true });
    await writeFile(join(folder, 'index.html'), 'welcome');
    await writeFile(join(folder, 'deep', 'a.txt'), 'deep');
    await symlink('../secret', join(folder, 'link'));
    let seen = '';
    const onOutput = (out: string) => {
      seen = out;
    };
    running = kubecfg.run(['-proxy', '-www', folder, '--port', '0'], { signal: stop.signal, onOutput });
    port = Number(await eventually('it serves', () => /^Starting to serve on 127\.0\.0\.1:(\d+)$/m.exec(seen)?.[1]));
  });
  after(async () => {
    stop.abort();
    assert.equal((await running).code, 0);
    await kubecfg.close();
    await server.stop();
  });

  /** The path goes as it is written, which `fetch` would tidy. */
  function ask(path: string, headers: Record<string, string> = {}): Promise<{ code: number; text: string }> {
    return new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, text }));
      });
      asked.on('error', reject).end();
    });
  }

  it('serves the API with the rights of its user', async () => {
    const { code, text } = await ask('/api/v1/namespaces/default');
    assert.deepEqual([code, JSON.parse(text).kind], [200, 'Namespace']);
  });

  it('hands on what a DELETE says in chunks, and nothing as a request of its own', async () => {
    const name = { namespace: 'default', name: 'kept' };
    await server.client.create(configMaps, { metadata: name });
    const code = await new Promise((resolve, reject) => {
      const path = '/api/v1/namespaces/default/configmaps/kept';
      const asked = request({ host: '127.0.0.1', port, path, method: 'DELETE' }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      asked.setHeader('content-type', 'application/json').setHeader('transfer-encoding', 'chunked');
      asked.on('error', reject).end('{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}');
    });
    assert.equal(code, 200);
    assert.equal((await server.client.get(configMaps, name)).metadata.name, 'kept');
  });

  it('serves the folder', async () => {
    assert.deepEqual(await ask('/static/'), { code: 200, text: 'welcome' });
    assert.deepEqual(await ask('/static/deep/a.txt'), { code: 200, text: 'deep' });
  });

  const outside = ['link', '../secret', '..%2fsecret', 'deep/../../secret', '%2e%2e/secret', 'nothing', '%00', '%zz'];
  for (const path of outside)
    it(`does not leave the folder by ${path}`, async () => {
      const { code, text } = await ask(`/static/${path}`);
      assert.notEqual(code, 200);
      assert.doesNotMatch(text, /not yours/);
    });

  const foreign: [what: string, headers: Record<string, string>][] = [
    ['a foreign Host', { host: 'evil.example' }],
    ['a foreign Host with our port', { host: 'evil.example:8001' }],
    ['a foreign Origin', { origin: 'http://evil.example' }],
    ['an Origin without a name', { origin: 'null' }],
  ];
  for (const [what, headers] of foreign)
    it(`refuses ${what}, for the API and the folder`, async () => {
      for (const path of ['/api/v1/namespaces', '/static/']) assert.equal((await ask(path, headers)).code, 403, path);
    });

  it('does not carry commands into containers', async () => {
    assert.equal((await ask('/api/v1/namespaces/default/pods/a/exec?command=ls')).code, 403);
    assert.equal((await ask('/api/v1/namespaces/default/pods/a/%65xec?command=ls')).code, 403);
  });
});

describe('kubecfg -auth', { timeout: 600_000 }, () => {
  let kubecfg: TestKubecfg;
  let url: string;
  const seen: (string | undefined)[] = [];
  const server = createServer((asked, response) => {
    seen.push(asked.headers.authorization);
    response.setHeader('content-type', 'application/json').end('{"gitVersion":"v1"}');
  });

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address: AddressInfo | string | null = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const { certificate, key } = await createAuthority('nobody');
    const shown = { clientCertificate: certificate, clientKey: key };
    kubecfg = await TestKubecfg.open({ servers: [url], certificateAuthority: certificate, ...shown });
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await kubecfg.close();
  });

  const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;

  it('sends the user and the password of the file', async () => {
    const file = await kubecfg.file('auth', { User: 'me', Password: 'secret' });
    await kubecfg.must(['-h', url, '-auth', file, 'version']);
    assert.equal(seen.at(-1), basic);
  });

  it('asks for them when there is no file, and writes them down', async () => {
    const file = join(dirname(await kubecfg.file('x', '')), 'new-auth');
    const input = Readable.from(['me\nsecret\n']);
    const { code, errors } = await kubecfg.run(['-h', url, '-auth', file, 'version'], { input });
    assert.deepEqual([code, errors], [0, 'Please enter Username: Please enter Password: ']);
    assert.equal(seen.at(-1), basic);
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { User: 'me', Password: 'secret' });
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  for (const [what, content, says] of [
    ['a certificate', { CertFile: 'a', KeyFile: 'b' }, /CertFile, KeyFile: not taken .* kubeconfig/],
    ['a token', { BearerToken: 'x' }, /BearerToken: not taken .* kubeconfig/],
    ['no user', { Password: 'x' }, /should hold \{"User"/],
    ['no JSON', 'x', /is not JSON/],
  ] as const)
    it(`refuses ${what}, and says what to do`, async () => {
      const file = await kubecfg.file('wrong-auth', content);
      const { code, errors } = await kubecfg.run(['-h', url, '-auth', file, 'version']);
      assert.match(errors, says);
      assert.equal(code, 1);
    });
});
