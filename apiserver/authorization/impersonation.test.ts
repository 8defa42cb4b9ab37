import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { User } from '../request/user.ts';
import { actionsOf } from './impersonation.ts';

const ann: User = { name: 'ann', groups: [] };

/** `group/plural/subresource name in namespace` of all that must be allowed. */
function asked(wanted: User): string[] {
  return actionsOf(ann, wanted).map(({ verb, user, resource }) => {
    assert.equal(verb, 'impersonate');
    assert.equal(user, ann);
    const { group, plural, subresource, name, namespace } = resource ?? {};
    return `${group}/${plural}/${subresource ?? '-'} ${name} in ${namespace ?? '-'}`;
  });
}

describe('impersonation', () => {
  const cases: readonly (readonly [what: string, wanted: User, actions: readonly string[]])[] = [
    ['a user', { name: 'ben', groups: [] }, ['/users/- ben in -']],
    [
      'a user of groups',
      { name: 'ben', groups: ['ops', 'dev'] },
      ['/users/- ben in -', '/groups/- ops in -', '/groups/- dev in -'],
    ],
    ['a service account', { name: 'system:serviceaccount:shop:web', groups: [] }, ['/serviceaccounts/- web in shop']],
    [
      'a user with a uid and more',
      { name: 'ben', groups: [], uid: '7', extra: { scopes: ['view', 'edit'] } },
      [
        '/users/- ben in -',
        'authentication.k8s.io/userextras/scopes view in -',
        'authentication.k8s.io/userextras/scopes edit in -',
        'authentication.k8s.io/uids/- 7 in -',
      ],
    ],
  ];
  for (const [what, wanted, actions] of cases) {
    it(`asks for ${what}`, () => assert.deepEqual(asked(wanted), actions));
  }
});
