import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { RefusedCredentialError, type TokenAuthenticator } from './authenticator.ts';
import { keptMs, VerifiedTokens } from './verified-tokens.ts';

const refuse = (message: string): TokenAuthenticator => ({
  async authenticateToken() {
    throw new RefusedCredentialError(message);
  },
});
const unknown: TokenAuthenticator = { authenticateToken: () => undefined };

function world() {
  const clock = new FakeClock();
  let asked = 0;
  let isGood = true;
  let lifeMs: number | undefined;
  const ann: TokenAuthenticator = {
    authenticateToken(token, audiences) {
      asked += 1;
      if (token !== 'good' || !isGood) return undefined;
      return { user: { name: 'ann', groups: ['dev'] }, audiences, expiresAt: lifeMs && clock.now() + lifeMs };
    },
  };
  let authenticators: readonly TokenAuthenticator[] = [ann];
  const tokens = new VerifiedTokens({ authenticators: () => authenticators, serverAudiences: ['api'], clock });
  return {
    clock,
    tokens,
    get asked() {
      return asked;
    },
    ban() {
      isGood = false;
    },
    liveFor(ms: number) {
      lifeMs = ms;
    },
    ask(...others: TokenAuthenticator[]) {
      authenticators = others;
    },
    said: (token: string, audiences?: readonly string[]) =>
      tokens.verify(token, audiences).then(
        ({ user }) => user.name,
        (error: Error) => error.message,
      ),
  };
}

describe('verified tokens', () => {
  it('are the authenticated', async () => {
    const { user } = await world().tokens.verify('good');
    assert.deepEqual(user.groups, ['dev', 'system:authenticated']);
  });

  it('are verified once in a few seconds', async () => {
    const one = world();
    assert.equal(one.tokens.kept('good'), undefined);
    assert.equal(await one.said('good'), 'ann');
    one.ban();
    assert.equal(await one.said('good'), 'ann');
    assert.equal(one.tokens.kept('good')?.bearer.user.name, 'ann');
    assert.equal(one.asked, 1);
    await one.clock.advance(keptMs);
    assert.equal(one.tokens.kept('good'), undefined);
    assert.equal(await one.said('good'), 'invalid bearer token');
  });

  it('are kept no longer than they are good', async () => {
    const { tokens, said, clock, liveFor } = world();
    liveFor(1_000);
    await said('good');
    await clock.advance(1_000);
    assert.equal(tokens.kept('good'), undefined);
  });

  it('are kept for the audience of the server only', async () => {
    const one = world();
    await one.said('good', ['other']);
    assert.equal(one.tokens.kept('good'), undefined);
    assert.equal(await one.said('good ["other"]'), 'invalid bearer token');
  });

  it('are asked of all again when those who know them change', async () => {
    const one = world();
    await one.said('good');
    one.ask(unknown);
    assert.equal(one.tokens.kept('good'), undefined);
    assert.equal(await one.said('good'), 'invalid bearer token');
  });

  it('that are refused are refused in the words of all who refuse them, each once', async () => {
    const one = world();
    one.ask(refuse('a'), unknown, refuse('b'), refuse('a'));
    assert.equal(await one.said('good'), '[invalid bearer token, a, b]');
  });

  it('one that refuses keeps the next from nothing', async () => {
    const one = world();
    one.ask(refuse('a'), { authenticateToken: (_, audiences) => ({ user: { name: 'bea', groups: [] }, audiences }) });
    assert.equal(await one.said('good'), 'bea');
  });

  it('of a length that nobody issues are shown to nobody', async () => {
    const one = world();
    assert.equal(await one.said('x'.repeat(200_000)), 'invalid bearer token');
    assert.equal(one.asked, 0);
  });
});
