import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTokenFile, StaticTokens } from './static-tokens.ts';

const bearer = (file: string, token: string, audiences = ['api']) =>
  new StaticTokens(parseTokenFile(file), ['api']).authenticateToken(token, audiences)?.user;

describe('a file of tokens', () => {
  const file = 't1,ann,u1,"dev,ops"\r\n\nt2,bea,\n"t,3","c ""x""",u3, solo \nt1,ann2,u2\n';

  it('gives each token its user, the last line of a token counting', () => {
    assert.deepEqual(bearer(file, 't1'), { name: 'ann2', uid: 'u2', groups: [] });
    assert.deepEqual(bearer('t1,ann,u1,"dev, ops"', 't1'), { name: 'ann', uid: 'u1', groups: ['dev', 'ops'] });
    assert.deepEqual(bearer(file, 't2'), { name: 'bea', groups: [] });
    assert.deepEqual(bearer(file, 't,3'), { name: 'c "x"', uid: 'u3', groups: ['solo'] });
  });

  it('knows no other, and none for another audience', () => {
    for (const token of ['t', 't11', '', 'constructor']) assert.equal(bearer(file, token), undefined);
    assert.equal(bearer(file, 't2', ['other']), undefined);
  });

  for (const [line, why] of [
    ['secret,ann', /^Error: line 1 of the token file must have/],
    ['secret,,u1', /^Error: line 1 of the token file must have/],
    ['\nsecret,"ann,u1', /^Error: line 2 of the token file has a quote/],
  ] as const)
    it(`is refused with ${JSON.stringify(line)}, without a word of what it says`, () => {
      assert.throws(
        () => parseTokenFile(line),
        (error) => why.test(String(error)) && !/secret/.test(String(error)),
      );
    });
});
