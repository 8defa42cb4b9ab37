import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutProperty, withProperty } from './property-path.ts';

const root = {
  'current-context': 'one',
  clusters: [{ name: 'web.example.org', cluster: { server: 'https://a', 'proxy-url': 'http://p' } }],
  users: [{ name: 'me', user: { token: 't' } }],
};

describe('the path of a value in a kubeconfig', () => {
  const sets: readonly [string, string, unknown][] = [
    ['current-context', 'two', { ...root, 'current-context': 'two' }],
    [
      'clusters.web.example.org.server',
      'https://b',
      { ...root, clusters: [{ name: 'web.example.org', cluster: { server: 'https://b', 'proxy-url': 'http://p' } }] },
    ],
    [
      'clusters.new.insecure-skip-tls-verify',
      'true',
      { ...root, clusters: [...root.clusters, { name: 'new', cluster: { 'insecure-skip-tls-verify': true } }] },
    ],
    ['users.me.token', 'u', { ...root, users: [{ name: 'me', user: { token: 'u' } }] }],
  ];
  for (const [path, value, wanted] of sets)
    it(`sets ${path}`, () => assert.deepEqual(withProperty(root, path, { value, isRaw: false }), wanted));

  it('takes bytes as base64, or as they are', () => {
    const dataOf = (value: string, isRaw: boolean) =>
      withProperty(root, 'users.me.client-key-data', { value, isRaw }).users;
    const wanted = [{ name: 'me', user: { token: 't', 'client-key-data': 'a2V5' } }];
    assert.deepEqual(dataOf('a2V5', false), wanted);
    assert.deepEqual(dataOf('key', true), wanted);
    assert.throws(() => dataOf('not base64', false), /users\.me\.client-key-data is not base64/);
  });

  for (const [path, message] of [
    ['users', /holds more than one value/],
    ['users.me', /holds more than one value/],
    ['colours.red', /unknown property "colours\.red"/],
    ['clusters.x.insecure-skip-tls-verify', /is true or false, not "maybe"/],
  ] as const)
    it(`refuses to set ${path}`, () =>
      assert.throws(() => withProperty(root, path, { value: 'maybe', isRaw: false }), message));

  const unsets: readonly [string, unknown][] = [
    ['current-context', { ...root, 'current-context': '' }],
    ['users', { ...root, users: [] }],
    ['users.me', { ...root, users: [] }],
    ['users.me.token', { ...root, users: [{ name: 'me', user: {} }] }],
    ['clusters.web.example.org', { ...root, clusters: [] }],
  ];
  for (const [path, wanted] of unsets)
    it(`unsets ${path}`, () => assert.deepEqual(withoutProperty(root, path), wanted));

  it('says that there is nothing to unset', () =>
    assert.throws(() => withoutProperty(root, 'users.you'), /no user is called "you"/));
});
