import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeContinueToken, encodeContinueToken } from './continue-token.ts';

describe('continue tokens', () => {
  it('survive the way to the client and back', () => {
    const token = { revision: 4711, after: 'shop/web' };
    assert.deepEqual(decodeContinueToken(encodeContinueToken(token)), token);
  });

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const refused = [
    '%',
    'garbage',
    'AAAA',
    'e30',
    encoded({ v: 'meta.k8s.io/v1' }),
    encoded({ v: 'meta.k8s.io/v1', rv: 1 }),
    encoded({ v: 'meta.k8s.io/v1', rv: 1, start: '../x' }),
    encoded(7),
    encoded(null),
  ];
  for (const text of refused) {
    it(`are refused when they are not ours: ${text.slice(0, 20)}`, () => {
      assert.throws(() => decodeContinueToken(text), /invalid continue token/);
    });
  }
});
