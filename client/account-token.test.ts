import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notFound, serviceUnavailable } from '../api/status-error.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { type AccountOwner, AccountToken } from './account-token.ts';

const account = { namespace: 'kube-system', name: 'ttl-controller' };
const hourMs = 3_600_000;

/** Gives `token-1`, `token-2` …; an account has to be there. */
class Issuer {
  readonly created: string[] = [];
  readonly clock = new FakeClock();
  issued = 0;
  hasAccount = true;
  isAway = false;
  seconds = 3_600;

  get tokens(): AccountToken {
    const client: AccountOwner = {
      create: (_kind, object) => {
        this.hasAccount = true;
        this.created.push(object.metadata?.name ?? '');
        return Promise.resolve();
      },
      createSubresource: async () => {
        if (this.isAway) throw serviceUnavailable('away', undefined);
        if (!this.hasAccount) throw notFound({ group: '', plural: 'serviceaccounts' }, account.name);
        this.issued += 1;
        return { spec: { expirationSeconds: this.seconds }, status: { token: `token-${this.issued}` } };
      },
    };
    return new AccountToken({ client, clock: this.clock, account });
  }
}

/** A renewal that nobody waits for is over. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the token of an account', () => {
  it('is asked for once by however many that need it at once', async () => {
    const issuer = new Issuer();
    const { tokens } = issuer;
    assert.deepEqual(await Promise.all([tokens.current(), tokens.current()]), ['token-1', 'token-1']);
    assert.equal(issuer.issued, 1);
    assert.deepEqual(issuer.created, []);
  });

  it('makes the account where there is none', async () => {
    const issuer = new Issuer();
    issuer.hasAccount = false;
    assert.equal(await issuer.tokens.current(), 'token-1');
    assert.deepEqual(issuer.created, ['ttl-controller']);
  });

  it('is renewed at four fifths of its life, and nobody waits for it', async () => {
    const issuer = new Issuer();
    const { tokens } = issuer;
    await tokens.current();
    await issuer.clock.advance(0.79 * hourMs);
    assert.equal(await tokens.current(), 'token-1');
    await settled();
    assert.equal(issuer.issued, 1);
    await issuer.clock.advance(0.02 * hourMs);
    assert.equal(await tokens.current(), 'token-1');
    await settled();
    assert.equal(await tokens.current(), 'token-2');
  });

  it('goes on while it is good and no other is to be had, and is not asked for all the time', async () => {
    const issuer = new Issuer();
    const { tokens } = issuer;
    await tokens.current();
    issuer.isAway = true;
    await issuer.clock.advance(0.9 * hourMs);
    assert.equal(await tokens.current(), 'token-1');
    await settled();
    issuer.isAway = false;
    assert.equal(await tokens.current(), 'token-1');
    await settled();
    assert.equal(issuer.issued, 1);
    await issuer.clock.advance(10_000);
    await tokens.current();
    await settled();
    assert.equal(await tokens.current(), 'token-2');
  });

  it('is asked for and waited for when it has ended; the failure is the caller’s', async () => {
    const issuer = new Issuer();
    const { tokens } = issuer;
    await tokens.current();
    await issuer.clock.advance(hourMs);
    issuer.isAway = true;
    await assert.rejects(tokens.current(), /away/);
    issuer.isAway = false;
    assert.equal(await tokens.current(), 'token-2');
  });

  it('lives as long as the server says', async () => {
    const issuer = new Issuer();
    issuer.seconds = 600;
    const { tokens } = issuer;
    await tokens.current();
    await issuer.clock.advance(600_000);
    assert.equal(await tokens.current(), 'token-2');
  });

  it('is asked for anew when the server does not believe it, once for all whose request was refused', async () => {
    const issuer = new Issuer();
    const { tokens } = issuer;
    const first = await tokens.current();
    tokens.refused(first);
    const second = await tokens.current();
    tokens.refused(first);
    assert.equal(await tokens.current(), second);
    assert.equal(issuer.issued, 2);
  });
});
