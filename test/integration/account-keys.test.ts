/** The key for service account tokens is replaced while tokens of it are used, by two API servers over one store. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { accountKeysPath } from '../../api/account-keys.ts';
import { isRecord } from '../../api/json-record.ts';
import { secrets, serviceAccounts } from '../../api/resources/core.ts';
import { isConflict, isForbidden, isUnauthorized } from '../../api/status-error.ts';
import type { TokenRequest } from '../../api/types/authentication/v1.ts';
import type { Secret } from '../../api/types/core/v1.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { rotateAccountKey } from '../../cluster/rotate-account-key.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const account = { namespace: 'default', name: 'web' };

describe('the key for service account tokens', () => {
  const store = new MemoryStore();
  let aheadMs = 0;
  /** Its hands are moved by the test, and nothing waits for long. */
  const clock: Clock = {
    now: () => Date.now() + aheadMs,
    monotonic: () => performance.now() + aheadMs,
    sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 500), signal),
  };
  let server: TestApiServer;
  let other: TestApiServer;

  before(async () => {
    server = await startTestApiServer({ store, clock });
    other = await startTestApiServer({ store, clock, authority: server.authority });
    await server.client.create(serviceAccounts, { metadata: account });
  });
  after(async () => {
    await other.stop();
    await server.stop();
    await store.close();
  });

  async function requestToken(of: TestApiServer, seconds = 3_600): Promise<string> {
    const body: TokenRequest = { spec: { audiences: [], expirationSeconds: seconds } };
    const answer = await of.client.createSubresource(serviceAccounts, account, 'token', body);
    return isRecord(answer) && isRecord(answer.status) ? String(answer.status.token) : '';
  }

  async function use(of: TestApiServer, token: string): Promise<void> {
    const { clientCertificate: _, clientKey: __, ...connection } = of.connection;
    const client = createRestClient({ ...connection, token }, { userAgent: 'test', logger: silentLogger });
    try {
      await client.raw('GET', '/version');
    } finally {
      await client.close();
    }
  }

  const keyIdOf = (token: string): string =>
    JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
  const take = (query: string) => server.client.raw('POST', `${accountKeysPath}?${query}`);

  it('is replaced in steps, and no token is refused meanwhile by either server', async () => {
    const earlier = await requestToken(server, 7_200);
    await take('step=trust');
    await assert.rejects(take('step=switch'), isConflict);
    aheadMs += 16_000;
    const told: string[] = [];
    const out = { write: (text: string) => told.push(text) };
    const terminal = { out, errors: out, signal: new AbortController().signal };
    await rotateAccountKey(terminal, { client: server.client, clock: systemClock, step: undefined, force: false });
    assert.match(told.join(''), /^switch: The new key signs/);

    const later = await requestToken(server);
    assert.notEqual(keyIdOf(later), keyIdOf(earlier));
    for (const token of [earlier, later]) for (const one of [server, other]) await use(one, token);
    const published = JSON.parse((await other.client.raw('GET', '/openid/v1/jwks')).text).keys;
    assert.deepEqual(new Set(published.map(({ kid }: { kid: string }) => kid)), new Set([later, earlier].map(keyIdOf)));
    await eventually(
      'the other server signs with it',
      async () => keyIdOf(await requestToken(other)) === keyIdOf(later),
    );

    await assert.rejects(take('step=drop'), isConflict);
    aheadMs += 7_200_000;
    await server.client.create<Secret>(secrets, {
      metadata: { namespace: 'default', name: 'robot', annotations: { 'kubernetes.io/service-account.name': 'web' } },
      type: 'kubernetes.io/service-account-token',
      data: { token: Buffer.from(earlier).toString('base64') },
    });
    aheadMs += 600_000;
    await assert.rejects(take('step=drop'), /Secrets have tokens of the old key: default\/robot/);
    await server.client.delete(secrets, { namespace: 'default', name: 'robot' });
    await take('step=drop');
  });

  it('is dropped at once by force: its tokens are nobody’s', async () => {
    const earlier = await requestToken(server);
    await take('step=trust');
    aheadMs += 16_000;
    await take('step=switch');
    await use(server, earlier);
    await take('step=drop&force=true');
    // What is known of a token is kept for some seconds.
    aheadMs += 6_000;
    await eventually('the token is refused', () => use(server, earlier).then(() => false, isUnauthorized));
    await use(server, await requestToken(server));
  });

  it('is an administrator’s to replace, and steps are what they are', async () => {
    const connection = await server.connectAs('somebody', ['system:authenticated']);
    const client = createRestClient(connection, { userAgent: 'test', logger: silentLogger });
    for (const method of ['GET', 'POST'])
      await assert.rejects(client.raw(method, `${accountKeysPath}?step=trust`), isForbidden);
    await client.close();
    await assert.rejects(take('step=burn'), /step must be one of trust, switch, drop/);
    const { text } = await server.client.raw('GET', accountKeysPath);
    assert.doesNotMatch(text, /PRIVATE/);
  });
});
