import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAuthority } from '../../base/certificates.ts';
import { authorityHashOf, bearerOf, formatJoinToken, parseJoinToken, randomTokenParts } from './join-token.ts';

const hash = '0f'.repeat(32);
const secret = 'secretsecretsecr';

describe('a token for joining', () => {
  it('is one word, that is read as it was written', () => {
    const token = { ...randomTokenParts(), authorityHash: hash };
    const word = formatJoinToken(token);
    assert.match(word, /^LS1\.[a-z0-9]{6}\.[a-z0-9]{16}\.[0-9a-f]{64}$/);
    assert.deepEqual(parseJoinToken(` ${word}\n`), token);
    assert.equal(bearerOf(token), `${token.id}.${token.secret}`);
  });

  it('names the certificate of an authority as openssl does', async () => {
    const { certificate } = await createAuthority('a');
    const { X509Certificate } = await import('node:crypto');
    const fingerprint = new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase();
    assert.equal(authorityHashOf(certificate), fingerprint);
  });

  const wrong: readonly (readonly [text: string, says: RegExp])[] = [
    ['', /begins with LS1/],
    [`LS2.abc123.${secret}.${hash}`, /begins with LS1/],
    [`abc123.${secret}`, /begins with LS1/],
    [`LS1.abc123.${secret}`, /last part is 64/],
    [`LS1.abc123.${secret}.${hash.slice(2)}`, /cut off/],
    [`LS1.abc123.${secret}.${hash}.x`, /last part is 64/],
    [`LS1.abc.${secret}.${hash}`, /second part is 6/],
    [`LS1.abc123.${secret}!.${hash}`, /its third 16/],
  ];
  for (const [text, says] of wrong) {
    it(`is not ${JSON.stringify(text.slice(0, 40))}, and its secret is not shown`, () => {
      const shown = (error: Error) => says.test(error.message) && !error.message.includes(secret);
      assert.throws(() => parseJoinToken(text), shown);
    });
  }
});
