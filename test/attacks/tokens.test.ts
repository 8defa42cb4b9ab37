/** Whoever shows a credential that is not to be believed is nobody, and learns nothing: not why, not what there is. */

import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { Agent, request as send } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { isRecord } from '../../api/json-record.ts';
import { secrets, serviceAccounts } from '../../api/resources/core.ts';
import { storedKeysPath } from '../../apiserver/authentication/service-accounts/stored-keys.ts';
import type { Logger } from '../../base/logger.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const issuer = 'https://kubernetes.default.svc';
const account = { namespace: 'default', name: 'web' };
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

describe('credentials that are not to be believed', () => {
  const lines: string[] = [];
  const write = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug() {}, info: write, warn: write, error: write, child: () => logger };
  let server: TestApiServer;
  let agent: Agent;
  let uid = '';

  before(async () => {
    server = await startTestApiServer({ logger });
    agent = new Agent({ ca: server.authority.certificate, keepAlive: true, maxSockets: 4 });
    uid = (await server.client.create(serviceAccounts, { metadata: account })).metadata.uid;
  });
  after(async () => {
    agent.destroy();
    await server.stop();
  });

  function ask(authorization: string, path = '/api/v1/namespaces/default/secrets'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { port } = server;
      const options = { host: '127.0.0.1', port, path, agent, headers: { authorization } };
      send(options, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, text, headers: response.headers }));
      })
        .on('error', reject)
        .end();
    });
  }

  const now = Math.floor(Date.now() / 1000);
  const payload = () => ({
    iss: issuer,
    sub: 'system:serviceaccount:default:web',
    aud: [issuer],
    exp: now + 3600,
    nbf: now - 5,
    iat: now - 5,
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'web', uid } },
  });
  async function signed(changes: object, pem?: string): Promise<string> {
    const own = (await server.store.get(storedKeysPath))?.value.toString() ?? '';
    const { createPrivateKey } = await import('node:crypto');
    return await new SignJWT({ ...payload(), ...changes })
      .setProtectedHeader({ alg: 'RS256' })
      .sign(createPrivateKey(pem ?? own));
  }
  const foreignKey = () =>
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  async function confused(): Promise<string> {
    const pem = (await server.store.get(storedKeysPath))?.value.toString() ?? '';
    const shown = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
    const text = `${encode({ alg: 'HS256' })}.${encode(payload())}`;
    return `${text}.${createHmac('sha256', shown).update(text).digest('base64url')}`;
  }

  const credentials: Readonly<Record<string, () => string | Promise<string>>> = {
    'a word': () => 'garbage',
    'a long word': () => 'x'.repeat(10_000),
    'three words': () => 'a.b.c',
    'bytes of chance': () => randomBytes(300).toString('base64'),
    'no signature': () => `${encode({ alg: 'none' })}.${encode(payload())}.`,
    'the public key taken for a secret': confused,
    'the key of another cluster': () => signed({}, foreignKey()),
    'an end that has passed': () => signed({ exp: now - 60 }),
    'another audience': () => signed({ aud: ['vault'] }),
    'no such account': () => signed({ 'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'x', uid } } }),
    'an account from before': () =>
      signed({ 'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'web', uid: 'before' } } }),
    'a name with a path in it': () =>
      signed({
        sub: 'system:serviceaccount:default:../kube-system/x',
        'kubernetes.io': { namespace: 'default', serviceaccount: { name: '../kube-system/x', uid } },
      }),
    'a bootstrap token that nobody made': () => 'abcdef.0123456789abcdef',
    'a bootstrap token with another secret': () => 'taken1.0123456789abcdef',
  };

  it('get the same answer, whatever is wrong with them', async () => {
    const name = { namespace: 'kube-system', name: 'bootstrap-token-taken1' };
    const stringData = {
      'token-id': 'taken1',
      'token-secret': 'fedcba9876543210',
      'usage-bootstrap-authentication': 'true',
    };
    await server.client.create(secrets, { metadata: name, type: 'bootstrap.kubernetes.io/token', stringData });
    assert.equal((await ask('Bearer taken1.fedcba9876543210')).code, 403);
    assert.equal((await ask(`Bearer ${await signed({})}`)).code, 403);
    for (const [title, credential] of Object.entries(credentials)) {
      for (const path of ['/api/v1/namespaces/default/secrets', '/nothing/here', '/version']) {
        const { code, text, headers } = await ask(`Bearer ${await credential()}`, path);
        assert.equal(code, 401, `${title} at ${path}: ${text}`);
        assert.deepEqual(JSON.parse(text), {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: 'Unauthorized',
          reason: 'Unauthorized',
          code: 401,
        });
        assert.equal(headers['www-authenticate'], undefined);
      }
    }
  });

  it('are not in the log, and do not fill it', async () => {
    lines.length = 0;
    const token = await signed({ exp: now - 60 });
    for (let count = 0; count < 30; count += 1) await ask(`Bearer ${token}`);
    const refusals = lines.filter((line) => line.includes('refused'));
    assert.ok(refusals.length <= 20, `${refusals.length} lines`);
    const [, claims = '', signature = ''] = token.split('.');
    for (const line of lines) assert.ok(!line.includes(claims) && !line.includes(signature), line);
  });

  it('keep nobody from an answer, however many there are', async () => {
    const token = await signed({}, foreignKey());
    const flood = Array.from({ length: 40 }, () => ask(`Bearer ${token}`));
    assert.equal((await server.client.raw('GET', '/livez')).code, 200);
    assert.deepEqual(new Set((await Promise.all(flood)).map(({ code }) => code)), new Set([401]));
  });

  it('are reviewed for those alone who may review', async () => {
    const reviews = '/apis/authentication.k8s.io/v1/tokenreviews';
    const body = { spec: { token: await signed({}) } };
    const { text } = await server.client.raw('POST', reviews, { body });
    const answer: unknown = JSON.parse(text);
    assert.ok(isRecord(answer) && isRecord(answer.status) && answer.status.authenticated === true);
    assert.equal((await ask(`Bearer ${await signed({})}`, reviews)).code, 403);
  });
});
