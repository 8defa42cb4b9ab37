import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { User } from '../request/user.ts';
import { impersonationModes } from './impersonation-modes.ts';

const ann: User = { name: 'ann', groups: [] };
const pods = { group: '', version: 'v1', plural: 'pods', subresource: undefined, namespace: 'a', name: undefined };
const list = (user: User) => ({ user, verb: 'list', path: '/api/v1/namespaces/a/pods', resource: pods });

/** `<verb> <group>/<plural>/<subresource> <namespace>/<name>`, for each mode. */
const needed = (wanted: Partial<User> & { name: string }, sender = ann) =>
  impersonationModes(list(sender), { groups: [], ...wanted }).map(({ actions }) =>
    actions.map(({ user, verb, resource: { group, plural, subresource, namespace = '', name = '' } = pods }) => {
      assert.equal(user, sender);
      return `${verb} ${[group, plural, subresource].filter(Boolean).join('/')} ${namespace}/${name}`;
    }),
  );
const groupsOf = (wanted: Partial<User> & { name: string }) =>
  impersonationModes(list(ann), { groups: [], ...wanted }).map(({ user }) => user.groups.join());

describe('acting as somebody else', () => {
  it('is asked of users by name and by all that is wanted of them', () => {
    const wanted = { name: 'ben', groups: ['dev'], uid: '7', extra: { scopes: ['view', 'edit'] } };
    const parts = (verb: string, group: string) => [
      `${verb} ${group}groups /dev`,
      `${verb} authentication.k8s.io/userextras/scopes /view`,
      `${verb} authentication.k8s.io/userextras/scopes /edit`,
      `${verb} authentication.k8s.io/uids /7`,
    ];
    assert.deepEqual(needed(wanted), [
      [
        'impersonate-on:user-info:list pods a/',
        'impersonate:user-info authentication.k8s.io/users /ben',
        ...parts('impersonate:user-info', 'authentication.k8s.io/'),
      ],
      ['impersonate users /ben', ...parts('impersonate', '')],
    ]);
  });

  it('is asked of service accounts by namespace', () => {
    assert.deepEqual(needed({ name: 'system:serviceaccount:shop:web' }), [
      [
        'impersonate-on:serviceaccount:list pods a/',
        'impersonate:serviceaccount authentication.k8s.io/serviceaccounts shop/web',
      ],
      ['impersonate serviceaccounts shop/web'],
    ]);
    assert.deepEqual(needed({ name: 'system:serviceaccount:shop:web', groups: ['dev'] }), [
      ['impersonate serviceaccounts shop/web', 'impersonate groups /dev'],
    ]);
  });

  it('is asked of nodes, of its own node for what runs there', () => {
    const sender = {
      name: 'system:serviceaccount:kube-system:agent',
      groups: [],
      extra: { 'authentication.kubernetes.io/node-name': ['n1'] },
    };
    const arbitrary = [
      'impersonate-on:arbitrary-node:list pods a/',
      'impersonate:arbitrary-node authentication.k8s.io/nodes /n1',
    ];
    const whole = ['impersonate users /system:node:n1'];
    const own = [
      'impersonate-on:associated-node:list pods a/',
      'impersonate:associated-node authentication.k8s.io/nodes /',
    ];
    assert.deepEqual(needed({ name: 'system:node:n1' }), [arbitrary, whole]);
    assert.deepEqual(needed({ name: 'system:node:n1' }, sender), [own, arbitrary, whole]);
    assert.deepEqual(needed({ name: 'system:node:n1' }, { ...sender, name: 'ann' }), [arbitrary, whole]);
  });

  for (const name of ['system:serviceaccount:UPPER:x', 'system:serviceaccount:shop:', 'system:serviceaccount:a/b:c'])
    it(`takes ${name} for the name of a user`, () => {
      assert.deepEqual(needed({ name })[1], [`impersonate users /${name}`]);
      assert.deepEqual(groupsOf({ name }), ['system:authenticated', 'system:authenticated']);
    });

  for (const [wanted, groups] of [
    [{ name: 'ben' }, 'system:authenticated'],
    [{ name: 'ben', groups: ['system:unauthenticated'] }, 'system:unauthenticated'],
    [{ name: 'system:anonymous' }, 'system:unauthenticated'],
    [{ name: 'system:anonymous', groups: ['a'] }, 'a,system:unauthenticated'],
    [
      { name: 'system:serviceaccount:shop:web' },
      'system:serviceaccounts,system:serviceaccounts:shop,system:authenticated',
    ],
    [{ name: 'system:serviceaccount:shop:web', groups: ['a'] }, 'a,system:authenticated'],
  ] as const)
    it(`as ${JSON.stringify(wanted)} is as one of ${groups}`, () => {
      for (const one of groupsOf(wanted)) assert.equal(one, groups);
    });
});
