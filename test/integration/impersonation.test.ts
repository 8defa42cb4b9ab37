/** Acting as somebody else is asked of the authorizers, like everything else. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('impersonation', () => {
  let server: TestApiServer;
  let ann: Client;
  before(async () => {
    server = await startTestApiServer();
    ann = createRestClient(await server.connectAs('ann'), { userAgent: 'ann', logger: silentLogger });
  });
  after(async () => {
    await ann.close();
    await server.stop();
  });

  const whoAmI = async (client: Client, headers: Record<string, string>) => {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const body = { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' };
    const { text } = await client.raw('POST', path, { body, headers });
    return JSON.parse(text).status.userInfo;
  };

  it('lets masters act as others, with the groups that those have by name', async () => {
    const user = await whoAmI(server.client, { 'impersonate-user': 'system:serviceaccount:shop:web' });
    assert.equal(user.username, 'system:serviceaccount:shop:web');
    assert.deepEqual(user.groups, ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated']);
  });

  const refusal = (mode: string) =>
    `selfsubjectreviews.authentication.k8s.io is forbidden: User "ann" cannot impersonate-on:${mode}:create resource "selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope`;
  const refusals: Readonly<Record<string, string>> = {
    ben: refusal('user-info'),
    'system:serviceaccount:shop:web': refusal('serviceaccount'),
    'system:node:n1': refusal('arbitrary-node'),
  };
  for (const [name, message] of Object.entries(refusals)) {
    it(`refuses it to others: ${name}`, async () => {
      await assert.rejects(
        whoAmI(ann, { 'impersonate-user': name }),
        (error) => error instanceof StatusError && error.code === 403 && error.message === message,
      );
    });
  }
});
