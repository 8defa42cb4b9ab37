import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseBootstrapToken, readBootstrapToken } from './bootstrap-token.ts';

const encode = (data: Record<string, string>) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)]));
const good = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef' };
const read = (data: Record<string, string>, name = 'bootstrap-token-abcdef', type = 'bootstrap.kubernetes.io/token') =>
  readBootstrapToken({ metadata: { name }, type, data: encode(data) });

describe('bootstrap tokens', () => {
  it('have an id and a secret', () => {
    assert.deepEqual(parseBootstrapToken('abcdef.0123456789abcdef'), { id: 'abcdef', secret: '0123456789abcdef' });
    for (const text of ['', 'abcdef', 'ABCDEF.0123456789abcdef', 'abcdef.0123456789abcde', 'abcdef.0123456789abcdef\n'])
      assert.equal(parseBootstrapToken(text), undefined);
  });

  it('are read from their Secret', () => {
    const usages = { 'usage-bootstrap-authentication': 'true', 'usage-bootstrap-signing': 'TRUE' };
    const more = {
      expiration: '2030-01-01T00:00:00Z',
      'auth-extra-groups': 'system:bootstrappers:b,system:bootstrappers:a',
    };
    assert.deepEqual(read({ ...good, ...usages, ...more }), {
      id: 'abcdef',
      secret: '0123456789abcdef',
      usages: ['authentication'],
      groups: ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:b'],
      expiresAt: Date.UTC(2030, 0, 1),
    });
  });

  it('that end at no time that can be read have ended', () => {
    assert.equal(read({ ...good, expiration: 'soon' })?.expiresAt, 0);
    assert.equal(read(good)?.expiresAt, undefined);
  });

  for (const [title, token] of Object.entries({
    'a Secret of another type': read(good, undefined, 'Opaque'),
    'a Secret of another name': read(good, 'bootstrap-token-zzzzzz'),
    'no secret': read({ 'token-id': 'abcdef' }),
    'an id that is none': read({ ...good, 'token-id': 'ABC' }, 'bootstrap-token-ABC'),
    'the group of masters': read({ ...good, 'auth-extra-groups': 'system:masters' }),
    'a group that only begins well': read({ ...good, 'auth-extra-groups': 'system:bootstrappers:a\nsystem:masters' }),
  }))
    it(`are none with ${title}`, () => assert.equal(token, undefined));
});
