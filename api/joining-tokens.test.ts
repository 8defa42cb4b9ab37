import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bootstrapTokenIdOf,
  formatEndedTokens,
  isTokenExpired,
  type JoiningToken,
  joiningSecretOf,
  parseEndedTokens,
  readJoiningToken,
  usesLeftOf,
  workersGroup,
} from './joining-tokens.ts';
import type { Secret } from './types/core/v1.ts';

const token: JoiningToken = {
  id: 'abc123',
  secret: '0123456789abcdef',
  description: 'rack 2',
  expiresAt: Date.UTC(2026, 0, 1),
  groups: ['system:bootstrappers', workersGroup],
  uses: 2,
  usedBy: ['u1'],
};

/** As the API server keeps it. */
function stored({ stringData = {}, ...secret }: Secret): Secret {
  return { ...secret, data: Object.fromEntries(Object.entries(stringData).map(([key, text]) => [key, btoa(text)])) };
}

const kept = stored(joiningSecretOf(token));
const withData = (data: Record<string, string>): Secret => ({ ...kept, data: { ...kept.data, ...data } });

describe('a bootstrap token’s Secret', () => {
  it('holds all of the token', () => assert.deepEqual(readJoiningToken(kept), token));

  it('has upstream’s name, type and keys', () => {
    assert.deepEqual([kept.metadata?.name, kept.metadata?.namespace], ['bootstrap-token-abc123', 'kube-system']);
    assert.deepEqual(Object.keys(kept.data ?? {}).sort(), [
      'auth-extra-groups',
      'description',
      'expiration',
      'token-id',
      'token-secret',
      'usage-bootstrap-authentication',
    ]);
  });

  const broken: readonly (readonly [string, Secret])[] = [
    ['of another type', { ...kept, type: 'Opaque' }],
    ['with another id than its name says', withData({ 'token-id': btoa('zzz999') })],
    ['without a secret', withData({ 'token-secret': '' })],
    ['whose id is no base64', withData({ 'token-id': '%%%' })],
  ];
  for (const [what, secret] of broken) {
    it(`opens nothing ${what}`, () => assert.equal(readJoiningToken(secret), undefined));
  }

  it('is over when its time cannot be read', () => {
    const parsed = readJoiningToken(withData({ expiration: btoa('tomorrow') })) ?? assert.fail();
    assert.equal(isTokenExpired(parsed, 1), true);
  });

  it('has no use left when its count cannot be read', () => {
    const annotations = { 'longshore.dev/uses': 'many' };
    const parsed = readJoiningToken({ ...kept, metadata: { ...kept.metadata, annotations } });
    assert.equal(usesLeftOf(parsed ?? assert.fail()), 0);
  });

  it('of another tool has no count, and any number of uses', () => {
    const { annotations: _, ...metadata } = kept.metadata ?? {};
    assert.equal(usesLeftOf(readJoiningToken({ ...kept, metadata }) ?? assert.fail()), undefined);
  });
});

describe('bootstrapTokenIdOf', () => {
  it('knows users that a token made', () =>
    assert.deepEqual(
      ['system:bootstrap:abc123', 'system:bootstrap:ABC123', 'system:node:abc123', 'abc123'].map(bootstrapTokenIdOf),
      ['abc123', undefined, undefined, undefined],
    ));
});

describe('ended tokens', () => {
  it('are read as they were written, and the oldest forgotten', () => {
    const many = Object.fromEntries(
      Array.from({ length: 120 }, (_, i) => [
        `tok${String(i).padStart(3, '0')}`,
        { why: 'expired' as const, at: `${1000 + i}` },
      ]),
    );
    const read = parseEndedTokens(formatEndedTokens(many));
    assert.equal(Object.keys(read).length, 100);
    assert.deepEqual([read.tok000, read.tok119], [undefined, { why: 'expired', at: '1119' }]);
  });
  for (const text of [undefined, '', 'x', '[]', 'null', '{"abc123":1}', '{"__proto__":{"why":"revoked","at":"1"}}']) {
    it(`are none in ${text}`, () => assert.deepEqual(parseEndedTokens(text), {}));
  }
});
