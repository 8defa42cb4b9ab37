/** The API server's time is the clock's that it is given: what it writes down, and when tokens are over. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configMaps, serviceAccounts } from '../../api/resources/core.ts';
import { StatusError } from '../../api/status-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const review = { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' };

describe('the time of the API server', () => {
  const clock = new FakeClock(Date.UTC(2040, 5, 1, 12));
  let server: TestApiServer;
  before(async () => {
    server = await startTestApiServer({ clock });
  });
  after(() => server.stop());

  it('stamps objects and who owns their fields', async () => {
    const { metadata } = await server.client.create(configMaps, {
      metadata: { name: 'a', namespace: 'default' },
      data: { key: 'value' },
    });
    assert.equal(metadata.creationTimestamp, '2040-06-01T12:00:00Z');
    assert.deepEqual(
      metadata.managedFields?.map(({ time }) => time),
      ['2040-06-01T12:00:00Z'],
    );
  });

  it('ends tokens when they have lasted as long as was said', async () => {
    await server.client.create(serviceAccounts, { metadata: { name: 'web', namespace: 'default' } });
    const { text } = await server.client.raw('POST', '/api/v1/namespaces/default/serviceaccounts/web/token', {
      body: { spec: { expirationSeconds: 600 } },
    });
    const { status } = JSON.parse(text);
    assert.equal(status.expirationTimestamp, '2040-06-01T12:10:00Z');
    const { servers, certificateAuthority } = server.connection;
    const connection = { servers, ...(certificateAuthority && { certificateAuthority }), token: status.token };
    const web = createRestClient(connection, { userAgent: 'web', logger: silentLogger });
    const answer = await web.raw('POST', reviews, { body: review });
    assert.equal(JSON.parse(answer.text).status.userInfo.username, 'system:serviceaccount:default:web');
    await clock.advance(620_000);
    await assert.rejects(
      web.raw('POST', reviews, { body: review }),
      (error) => error instanceof StatusError && error.code === 401,
    );
    await web.close();
  });
});
