/** Who a token stands for, and when it stands for nobody any more: on the real API server, with the controllers. */

import assert from 'node:assert/strict';
import { get } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { isRecord } from '../../api/json-record.ts';
import { configMaps, nodes, pods, secrets, serviceAccounts } from '../../api/resources/core.ts';
import { isUnauthorized } from '../../api/status-error.ts';
import type { TokenRequest } from '../../api/types/authentication/v1.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const account = { namespace, name: 'web' };
const encode = (text: string): string => Buffer.from(text).toString('base64');

describe('identities', () => {
  let server: TestApiServer;
  let controllers: Running;
  before(async () => {
    server = await startTestApiServer();
    controllers = await startControllerManager({
      connection: server.connection,
      leaderElect: false,
      identity: 'test',
      controllers: ['serviceaccount-token-controller', 'bootstrap-signer-controller'],
      logger: silentLogger,
    });
    await server.client.create(serviceAccounts, { metadata: account });
  });
  after(async () => {
    await controllers.stop();
    await server.stop();
  });

  async function as<T>(token: string, ask: (client: ReturnType<typeof createRestClient>) => Promise<T>): Promise<T> {
    const { clientCertificate: _, clientKey: __, ...connection } = server.connection;
    const client = createRestClient({ ...connection, token }, { userAgent: 'test', logger: silentLogger });
    try {
      return await ask(client);
    } finally {
      await client.close();
    }
  }
  const whoIs = (token: string) =>
    as(token, async (client) => {
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const { text } = await client.raw('POST', path, { body: {} });
      return JSON.parse(text).status.userInfo;
    });
  /** What is known of a token is kept for some seconds: all of them are waited for together, at the end. */
  const dying: string[] = [];
  const nobody = (token: string) =>
    eventually('the token is nobody’s', () =>
      whoIs(token).then(
        () => false,
        (error: unknown) => isUnauthorized(error),
      ),
    );
  async function request(spec: Partial<NonNullable<TokenRequest['spec']>> = {}, of = account): Promise<string> {
    const body: TokenRequest = { spec: { audiences: [], ...spec } };
    const answer = await server.client.createSubresource(serviceAccounts, of, 'token', body);
    return isRecord(answer) && isRecord(answer.status) ? String(answer.status.token) : '';
  }

  it('a Secret for a token gets one, which ends with it', async () => {
    const key = { namespace, name: 'web-token' };
    await server.client.create(secrets, {
      metadata: { ...key, annotations: { 'kubernetes.io/service-account.name': 'web' } },
      type: 'kubernetes.io/service-account-token',
    });
    const data = await eventually('the Secret is filled', async () => {
      const { data: found = {} } = await server.client.get(secrets, key);
      return found.token ? found : undefined;
    });
    assert.equal(Buffer.from(data['ca.crt'] ?? '', 'base64').toString(), server.authority.certificate);
    assert.equal(data.namespace, encode(namespace));
    const token = Buffer.from(data.token ?? '', 'base64').toString();
    assert.equal((await whoIs(token)).username, 'system:serviceaccount:default:web');
    await server.client.delete(secrets, key);
    dying.push(token);
  });

  it('an account takes its Secrets and tokens with it, and its successor of the same name gets none of them', async () => {
    const passing = { namespace, name: 'passing' };
    await server.client.create(serviceAccounts, { metadata: passing });
    const token = await request({}, passing);
    const key = { namespace, name: 'passing-token' };
    await server.client.create(secrets, {
      metadata: { ...key, annotations: { 'kubernetes.io/service-account.name': 'passing' } },
      type: 'kubernetes.io/service-account-token',
    });
    await eventually('filled', async () => (await server.client.get(secrets, key)).data?.token);
    await server.client.delete(serviceAccounts, passing);
    await server.client.create(serviceAccounts, { metadata: passing });
    dying.push(token);
    await eventually('the Secret is gone', async () => {
      const { items } = await server.client.list(secrets, { namespace });
      return !items.some(({ metadata }) => metadata.name === key.name);
    });
  });

  it('what a token is bound to takes it along', async () => {
    const spec = { serviceAccountName: 'web', containers: [{ name: 'c', image: 'x' }] };
    await server.client.create(pods, { metadata: { namespace, name: 'bound' }, spec });
    await server.client.create(nodes, { metadata: { name: 'bound' } });
    const refer = (kind: string) => request({ boundObjectRef: { apiVersion: 'v1', kind, name: 'bound' } });
    const [ofPod, ofNode] = [await refer('Pod'), await refer('Node')];
    assert.deepEqual((await whoIs(ofPod)).extra['authentication.kubernetes.io/pod-name'], ['bound']);
    assert.deepEqual((await whoIs(ofNode)).extra['authentication.kubernetes.io/node-name'], ['bound']);
    await server.client.delete(pods, { namespace, name: 'bound' }, { gracePeriodSeconds: 0 });
    await server.client.delete(nodes, { name: 'bound' });
    dying.push(ofPod, ofNode);
  });

  it('others can check tokens by the documents of the issuer', async () => {
    const reader = await request();
    const read = (path: string) => as(reader, async (client) => JSON.parse((await client.raw('GET', path)).text));
    const { issuer, jwks_uri: uri } = await read('/.well-known/openid-configuration');
    assert.equal(uri, `${issuer}/openid/v1/jwks`);
    const keys = createLocalJWKSet(await read('/openid/v1/jwks'));
    const { payload } = await jwtVerify(await request({ audiences: ['vault'] }), keys, { issuer, audience: 'vault' });
    assert.equal(payload.sub, 'system:serviceaccount:default:web');
  });

  it('a bootstrap token is its groups', async () => {
    const key = { namespace: 'kube-system', name: 'bootstrap-token-abcdef' };
    const stringData = {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      'auth-extra-groups': 'system:bootstrappers:workers',
    };
    await server.client.create(secrets, { metadata: key, type: 'bootstrap.kubernetes.io/token', stringData });
    const token = 'abcdef.0123456789abcdef';
    const { username, groups } = await whoIs(token);
    assert.equal(username, 'system:bootstrap:abcdef');
    assert.deepEqual(groups, ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated']);
    await assert.rejects(whoIs('abcdef.0123456789abcdeF'), isUnauthorized);

    const info = { namespace: 'kube-public', name: 'cluster-info' };
    await server.client.create(configMaps, { metadata: info, data: { kubeconfig: 'x' } });
    const signature = async () => (await server.client.get(configMaps, info)).data?.['jws-kubeconfig-abcdef'];
    await eventually('what the cluster says of itself is signed', signature);
    await server.client.delete(secrets, key);
    dying.push(token);
    await eventually('the signature has gone with the token', async () => (await signature()) === undefined);
  });

  it('a browser shows a token by the name of a protocol, when it opens a WebSocket', async () => {
    const status = async (token: string) => {
      const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;
      const { port, authority } = server;
      return await new Promise((resolve, reject) => {
        const headers = {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': Buffer.alloc(16).toString('base64'),
          'sec-websocket-protocol': `v5.channel.k8s.io, ${protocol}`,
        };
        const path = '/api/v1/namespaces/default/pods/none/exec?command=x&stdout=true';
        get({ host: '127.0.0.1', port, path, headers, ca: authority.certificate, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).on('error', reject);
      });
    };
    assert.equal(await status(await request()), 403);
    assert.equal(await status('garbage'), 401);
  });

  it('all whose reason is gone are nobody’s', async () => {
    assert.equal(dying.length, 5);
    await Promise.all(dying.map(nobody));
  });
});
