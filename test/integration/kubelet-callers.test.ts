/** Who may call a kubelet, by certificate or by token, with rights that the API server knows; also while that is away. */

import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, describe, it } from 'node:test';
import { serviceAccounts } from '../../api/resources/core.ts';
import type { TokenRequest } from '../../api/types/authentication/v1.ts';
import type { ServiceAccount } from '../../api/types/core/v1.ts';
import { issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { eventually } from '../support/eventually.ts';
import { FakeKubelet } from '../support/fake-kubelet.ts';
import { attemptSession } from '../support/session-attempt.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('callers of a kubelet', () => {
  let server: TestApiServer;
  let kubelet: FakeKubelet;
  let clock: FakeClock;
  let isServing = true;

  before(async () => {
    server = await startTestApiServer();
    clock = new FakeClock(Date.now());
    kubelet = await FakeKubelet.start(server, { clock });
  });
  after(async () => {
    await kubelet?.remove();
    if (isServing) await server?.stop();
  });

  const pairOf = (commonName: string, organizations: readonly string[] = []): Promise<KeyPair> =>
    issueCertificate(server.authority, { commonName, organizations, usages: ['client'] });

  interface Asking {
    readonly pair?: KeyPair;
    readonly token?: string;
  }

  function ask(path: string, { pair, token }: Asking = {}): Promise<[code: number, text: string]> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const identity = { cert: pair?.certificate, key: pair?.key };
    const options = { ...identity, headers, agent: false, rejectUnauthorized: false, path };
    return new Promise((resolve, reject) => {
      const request = https.get(`https://127.0.0.1:${kubelet.port}`, options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve([response.statusCode ?? 0, text]));
      });
      request.on('error', reject);
    });
  }

  async function tokenOf(name: string): Promise<string> {
    const key = { namespace: 'default', name };
    await server.client.create<ServiceAccount>(serviceAccounts, { metadata: key });
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const { status } = (await server.client.createSubresource(serviceAccounts, key, 'token', body)) as TokenRequest;
    return status?.token ?? '';
  }

  const refusal = (name: string, subresources: string) =>
    `Forbidden (user=${name}, verb=get, resource=nodes, subresource(s)=[${subresources}])\n`;

  it('are nobody without a certificate of the authority or a token of the cluster', async () => {
    const other = await tokenOf('other');
    for (const [what, asking] of Object.entries<Asking>({
      nothing: {},
      'a token that is none': { token: 'none' },
      'a token that was changed': { token: `${other.slice(0, -4)}AAAA` },
      'a token of no algorithm': {
        token: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${other.split('.')[1]}.`,
      },
    })) {
      for (const path of ['/pods', '/healthz', '/metrics', '/exec/default/p/c'])
        assert.deepEqual(await ask(path, asking), [401, 'Unauthorized'], `${what}: ${path}`);
    }
  });

  it('may do what the API server lets them', async () => {
    for (const pair of [await pairOf('admin', ['system:masters']), await pairOf('kube-apiserver-kubelet-client')]) {
      for (const path of ['/pods', '/healthz', '/metrics']) assert.equal((await ask(path, { pair }))[0], 200, path);
      // There is no such pod, and they may know.
      assert.equal((await ask('/containerLogs/default/none/c', { pair }))[0], 404);
    }
    const token = await tokenOf('robot');
    const name = 'system:serviceaccount:default:robot';
    assert.deepEqual(await ask('/pods', { token }), [403, refusal(name, 'pods proxy')]);
    assert.deepEqual(await ask('/metrics', { token }), [403, refusal(name, 'metrics')]);
    const node = await pairOf('system:node:node-1', ['system:nodes']);
    assert.deepEqual(await ask('/healthz', { pair: node }), [403, refusal('system:node:node-1', 'healthz proxy')]);
  });

  it('are whom their certificate names, whatever token they bring', async () => {
    const [pair, token] = [await pairOf('jane'), await tokenOf('carried')];
    assert.deepEqual(await ask('/pods', { pair, token }), [403, refusal('jane', 'pods proxy')]);
  });

  it('are nobody by the TLS session of somebody', async () => {
    const pair = await pairOf('admin', ['system:masters']);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = { cert: pair.certificate, key: pair.key };
      const attempt = { host: '127.0.0.1', port: kubelet.port, path: '/pods', version, first };
      const outcome = await attemptSession(attempt);
      assert.deepEqual([outcome.first, outcome.second, outcome.wasResumed], [200, 401, false]);
    }
  });

  it('end with the account whose token they have', async () => {
    const token = await tokenOf('brief');
    assert.equal((await ask('/pods', { token }))[0], 403);
    await server.client.delete(serviceAccounts, { namespace: 'default', name: 'brief' });
    await eventually('its token is nobody’s', async () => {
      // What the kubelet has kept it has kept for long enough.
      await clock.advance(5_000);
      const [code, text] = await ask('/pods', { token });
      return code === 401 && text === 'Unauthorized';
    });
  });

  it('are told, while the API server is away, unless they are the API server or were let in before', async () => {
    const [admin, other] = [await pairOf('admin', ['system:masters']), await pairOf('other', ['system:masters'])];
    assert.equal((await ask('/pods', { pair: admin }))[0], 200);
    isServing = false;
    await server.stop();
    await clock.advance(10_000);
    assert.equal((await ask('/pods', { pair: await pairOf('kube-apiserver-kubelet-client') }))[0], 200);
    assert.equal((await ask('/pods', { pair: admin }))[0], 200);
    assert.deepEqual(await ask('/pods', { pair: other }), [
      500,
      'Authorization error (user=other, verb=get, resource=nodes, subresource=pods)',
    ]);
    assert.deepEqual(await ask('/pods', { token: 'some' }), [401, 'Unauthorized']);
  });
});
