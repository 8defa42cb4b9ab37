import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { AnswerCache } from './answer-cache.ts';
import { createAuthenticate } from './authenticator.ts';

const robot = { name: 'system:serviceaccount:ns:robot', groups: ['system:serviceaccounts'] };

describe('who calls a kubelet without a certificate', () => {
  const asked: string[] = [];
  const reviews = {
    async callerOf(token: string) {
      asked.push(token);
      if (token === 'away') throw new Error('the API server is away');
      return token === 'good' ? robot : undefined;
    },
  };

  function calling(authorization?: string): IncomingMessage {
    const request = new IncomingMessage(new Socket());
    if (authorization !== undefined) request.headers.authorization = authorization;
    return request;
  }

  const cases: readonly (readonly [authorization: string | undefined, token: string | undefined])[] = [
    [undefined, undefined],
    ['', undefined],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    ['Basic good', undefined],
    ['good', undefined],
    ['Bearer a b', undefined],
    ['Bearer good', 'good'],
    ['bearer  good ', 'good'],
    ['Bearer bad', 'bad'],
  ];
  for (const [authorization, token] of cases)
    it(`is asked by the token of ${JSON.stringify(authorization)}`, async () => {
      asked.length = 0;
      const caller = await createAuthenticate(reviews, new FakeClock())(calling(authorization));
      assert.deepEqual(asked, token === undefined ? [] : [token]);
      assert.deepEqual(caller, token === 'good' ? robot : undefined);
    });

  it('is kept for a moment, and a failure is not', async () => {
    asked.length = 0;
    const clock = new FakeClock();
    const authenticate = createAuthenticate(reviews, clock);
    for (let i = 0; i < 3; i += 1) await authenticate(calling('Bearer good'));
    await clock.advance(5_000);
    await authenticate(calling('Bearer good'));
    assert.deepEqual(asked, ['good', 'good']);
    for (let i = 0; i < 2; i += 1) await assert.rejects(authenticate(calling('Bearer away')));
    assert.deepEqual(asked, ['good', 'good', 'away', 'away']);
  });
});

describe('kept answers', () => {
  it('are never more than there is room for: those go that were not used', async () => {
    const cache = new AnswerCache<number>(new FakeClock(), 3);
    let asked = 0;
    const get = (key: string) =>
      cache.get(key, async () => {
        asked += 1;
        return { answer: asked, forMs: 1000 };
      });
    for (const key of ['a', 'b', 'c']) await get(key);
    await get('a');
    await get('d');
    assert.equal(cache.size, 3);
    assert.equal(await get('a'), 1);
    assert.equal(await get('b'), 5);
  });
});
