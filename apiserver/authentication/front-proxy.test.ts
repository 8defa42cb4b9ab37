import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultFrontProxyHeaders, readUser } from './front-proxy.ts';

const names = { ...defaultFrontProxyHeaders, uid: ['X-Remote-Uid'] };

describe('whom a front proxy names', () => {
  const cases: readonly [string, Record<string, string[]>, ReturnType<typeof readUser>][] = [
    ['nobody', {}, undefined],
    ['nobody by an empty name', { 'x-remote-user': [' '], 'x-remote-group': ['g'] }, undefined],
    ['a user', { 'x-remote-user': ['jane '] }, { name: 'jane', groups: [] }],
    [
      'groups, one a header, commas and all',
      { 'x-remote-user': ['jane'], 'x-remote-group': ['a', 'b, c'] },
      { name: 'jane', groups: ['a', 'b, c'] },
    ],
    [
      'extras, whose keys may be encoded',
      { 'x-remote-user': ['jane'], 'x-remote-extra-scopes': ['a', 'b'], 'x-remote-extra-example.org%2fx': ['1'] },
      { name: 'jane', groups: [], extra: { scopes: ['a', 'b'], 'example.org/x': ['1'] } },
    ],
    [
      'an extra whose key cannot be decoded, as it reads',
      { 'x-remote-user': ['jane'], 'x-remote-extra-%zz': ['1'] },
      { name: 'jane', groups: [], extra: { '%zz': ['1'] } },
    ],
    ['a uid', { 'x-remote-user': ['jane'], 'x-remote-uid': ['7'] }, { name: 'jane', uid: '7', groups: [] }],
  ];
  for (const [title, headers, user] of cases) it(title, () => assert.deepEqual(readUser(headers, names), user));

  it('takes the first header that says something', () => {
    const several = { ...names, user: ['X-Login', 'X-Remote-User'] };
    assert.equal(readUser({ 'x-login': [''], 'x-remote-user': ['b'] }, several)?.name, 'b');
    assert.equal(readUser({ 'x-login': ['a'], 'x-remote-user': ['b'] }, several)?.name, 'a');
  });
});
