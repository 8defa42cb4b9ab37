/** Users that a proxy names, and whom the API server believes to be one. */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { isRecord } from '../../api/json-record.ts';
import { configMaps } from '../../api/resources/core.ts';
import { isUnauthorized } from '../../api/status-error.ts';
import { defaultFrontProxyHeaders } from '../../apiserver/authentication/front-proxy.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const jane = { 'x-remote-user': 'jane', 'x-remote-group': 'authors', 'x-remote-extra-team': 'red' };

describe('a front proxy', () => {
  let server: TestApiServer;
  let authority: KeyPair;
  const closers: (() => Promise<void>)[] = [];

  before(async () => {
    authority = await createAuthority('front-proxy');
    const frontProxy = { authority: authority.certificate, allowedNames: ['proxy'], headers: defaultFrontProxyHeaders };
    server = await startTestApiServer({ authentication: { frontProxy } });
  });
  after(() => server.stop());
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  /** The user as the server sees them, by a certificate of `issuer`. */
  async function whoIs(
    { issuer, name, organizations = [] }: { issuer?: KeyPair; name: string; organizations?: readonly string[] },
    headers: Record<string, string> = {},
  ): Promise<Record<string, unknown>> {
    const request = { commonName: name, organizations, usages: ['client'] } as const;
    const pair = issuer && (await issueCertificate(issuer, request));
    const { servers, certificateAuthority = '' } = server.connection;
    const credentials = pair && { clientCertificate: pair.certificate, clientKey: pair.key };
    const client = createRestClient(
      { servers, certificateAuthority, ...credentials },
      { userAgent: 'test', logger: silentLogger },
    );
    closers.push(() => client.close());
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    // The second request is of a connection that is known.
    await client.raw('POST', path, { body: {}, headers });
    const { text } = await client.raw('POST', path, { body: {}, headers });
    const answer: unknown = JSON.parse(text);
    const status = isRecord(answer) && isRecord(answer.status) ? answer.status : {};
    return isRecord(status.userInfo) ? status.userInfo : {};
  }

  it('names the user, who has no rights of the proxy', async () => {
    const user = await whoIs({ issuer: authority, name: 'proxy', organizations: ['system:masters'] }, jane);
    assert.deepEqual(user, {
      username: 'jane',
      groups: ['authors', 'system:authenticated'],
      extra: { team: ['red'] },
    });
  });

  it('is nobody itself, whatever its certificate says', async () => {
    await assert.rejects(
      whoIs({ issuer: authority, name: 'proxy', organizations: ['system:masters'] }),
      isUnauthorized,
    );
  });

  it('is believed under an allowed name only', async () => {
    await assert.rejects(whoIs({ issuer: authority, name: 'other' }, jane), isUnauthorized);
  });

  it('is none by a certificate of the authority of clients, or of another one, or without any', async () => {
    const client = await whoIs({ issuer: server.authority, name: 'proxy' }, jane);
    assert.equal(client.username, 'proxy');
    await assert.rejects(whoIs({ issuer: await createAuthority('front-proxy'), name: 'proxy' }, jane), isUnauthorized);
    // Nobody may ask who he is.
    await assert.rejects(whoIs({ name: 'proxy' }, jane), /User "system:anonymous" cannot create/);
  });

  it('is told of to servers of other APIs', async () => {
    const key = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
    const { data } = await eventually('it is said', () => server.client.get(configMaps, key));
    assert.deepEqual(data, {
      'client-ca-file': server.authority.certificate,
      'requestheader-client-ca-file': authority.certificate,
      'requestheader-allowed-names': '["proxy"]',
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    });
  });
});
