/** Users of an issuer outside the cluster: by an AuthenticationConfiguration, and by the flags. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dump } from 'js-yaml';
import { isUnauthorized, StatusError } from '../../api/status-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { OidcIssuer } from '../support/oidc-issuer.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const selfReview = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

async function ask(server: TestApiServer, token: string | undefined, method: string, path: string): Promise<string> {
  const { clientCertificate: _, clientKey: __, ...connection } = server.connection;
  const options = { ...connection, ...(token !== undefined && { token }) };
  const client = createRestClient(options, { userAgent: 'test', logger: silentLogger });
  try {
    return (await client.raw(method, path, method === 'POST' ? { body: {} } : {})).text;
  } finally {
    await client.close();
  }
}
const whoIs = async (server: TestApiServer, token: string) =>
  JSON.parse(await ask(server, token, 'POST', selfReview)).status.userInfo;
const codeOf = (server: TestApiServer, path: string) =>
  ask(server, undefined, 'GET', path).then(
    () => 200,
    (error: unknown) => (error instanceof StatusError ? error.code : error),
  );

describe('an issuer of JWTs outside the cluster', () => {
  let issuer: OidcIssuer;
  let server: TestApiServer;
  let folder: string;
  let file: string;

  const configuration = (more: object = {}) =>
    dump({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: [
        {
          issuer: { url: issuer.url, certificateAuthority: issuer.authority, audiences: ['longshore'] },
          claimValidationRules: [{ expression: 'claims.sub != "mallory"', message: 'not her' }],
          claimMappings: {
            username: { expression: '"oidc:" + claims.sub' },
            groups: { claim: 'groups', prefix: 'oidc:' },
            uid: { claim: 'id' },
            extra: [{ key: 'example.com/tenant', valueExpression: 'claims.?tenant.orValue("")' }],
          },
          userValidationRules: [{ expression: '!user.username.contains("system:")' }],
        },
      ],
      ...more,
    });

  before(async () => {
    issuer = await OidcIssuer.start();
    folder = await mkdtemp(join(tmpdir(), 'longshore-oidc-'));
    file = join(folder, 'authentication.yaml');
    await writeFile(file, configuration());
    server = await startTestApiServer({ authentication: { configurationFile: file } });
  });
  after(async () => {
    await server.stop();
    await issuer.stop();
    await rm(folder, { recursive: true });
  });

  it('says who its users are, as the configuration has it', async () => {
    const user = await whoIs(server, await issuer.token({ id: 'u1', groups: ['dev', 'ops'], tenant: 't', jti: 'j' }));
    assert.deepEqual(user, {
      username: 'oidc:ann',
      uid: 'u1',
      groups: ['oidc:dev', 'oidc:ops', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=j'], 'example.com/tenant': ['t'] },
    });
  });

  const now = Math.floor(Date.now() / 1000);
  for (const [title, claims] of Object.entries({
    'another audience': { id: 'u1', aud: 'other' },
    'an end that has passed': { id: 'u1', exp: now - 60 },
    'no end': { id: 'u1', exp: undefined },
    'a beginning that is to come': { id: 'u1', nbf: now + 600 },
    'a rule that its claims break': { id: 'u1', sub: 'mallory' },
    'a rule that its user breaks': { id: 'u1', sub: 'system:admin' },
    'no claim for what is mapped': {},
    'another issuer': { id: 'u1', iss: 'https://elsewhere.example.com' },
  }))
    it(`is not believed with ${title}`, async () => {
      await assert.rejects(
        issuer.token(claims).then((token) => whoIs(server, token)),
        isUnauthorized,
      );
    });

  it('is asked for its keys again when it signs with another one', async () => {
    issuer.rotate();
    const token = await issuer.token({ id: 'u2' });
    await eventually('the new key is known', async () => (await whoIs(server, token)).uid === 'u2', { everyMs: 200 });
    assert.ok(issuer.asked <= 5, `asked ${issuer.asked} times`);
  });

  it('may be followed by a configuration that closes the paths of nobody', async () => {
    assert.equal(await codeOf(server, '/readyz'), 200);
    assert.equal(await codeOf(server, '/api'), 403);
    await writeFile(file, 'nonsense: [');
    await writeFile(file, configuration({ jwt: [], anonymous: { enabled: true, conditions: [{ path: '/livez' }] } }));
    await eventually('others are no more let in', async () => (await codeOf(server, '/readyz')) === 401);
    assert.equal(await codeOf(server, '/livez'), 200);
    await assert.rejects(
      issuer.token({ id: 'u1' }).then((token) => whoIs(server, token)),
      isUnauthorized,
    );
  });
});

describe('an issuer of the flags', () => {
  it('gives names that nobody else has', async () => {
    const issuer = await OidcIssuer.start();
    const oidc = {
      issuerUrl: issuer.url,
      clientId: 'longshore',
      groupsClaim: 'groups',
      certificateAuthority: issuer.authority,
      signingAlgorithms: ['ES256'],
    };
    const server = await startTestApiServer({ authentication: { oidc } });
    try {
      const { username, groups } = await whoIs(server, await issuer.token({ groups: 'dev' }));
      assert.deepEqual([username, groups], [`${issuer.url}#ann`, ['dev', 'system:authenticated']]);
    } finally {
      await server.stop();
      await issuer.stop();
    }
  });
});
