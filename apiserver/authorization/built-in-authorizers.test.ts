import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rulesFor } from './authorization.ts';
import type { Action } from './authorizer.ts';
import { knownUsersAuthorizer, mastersAuthorizer, publicPathsAuthorizer } from './built-in-authorizers.ts';

const known = { name: 'ann', groups: ['system:authenticated'] };

function action(resource: Pick<NonNullable<Action['resource']>, 'group' | 'plural'>, verb = 'create'): Action {
  const whole = { ...resource, version: 'v1', subresource: undefined, namespace: undefined, name: undefined };
  return { user: known, verb, path: '', resource: whole };
}

const authorization = 'authorization.k8s.io';
const cases: readonly (readonly [string, Action, string])[] = [
  ['may ask what they may do', action({ group: authorization, plural: 'selfsubjectaccessreviews' }), 'allow'],
  ['may ask for their rules', action({ group: authorization, plural: 'selfsubjectrulesreviews' }), 'allow'],
  ['may ask who they are', action({ group: 'authentication.k8s.io', plural: 'selfsubjectreviews' }), 'allow'],
  ['may not ask about others', action({ group: authorization, plural: 'subjectaccessreviews' }), 'noOpinion'],
  [
    'may not make what is only called alike',
    action({ group: 'example.dev', plural: 'selfsubjectreviews' }),
    'noOpinion',
  ],
  ['may discover', { user: known, verb: 'get', path: '/openapi/v3' }, 'allow'],
  ['may not read metrics', { user: known, verb: 'get', path: '/metrics' }, 'noOpinion'],
];

describe('users that are known', () => {
  for (const [what, asked, decision] of cases) {
    it(what, async () => assert.equal((await knownUsersAuthorizer.authorize(asked)).decision, decision));
  }

  it('are not those that are not', async () => {
    const [, asked] = cases[0] ?? assert.fail();
    const { decision } = await knownUsersAuthorizer.authorize({ ...asked, user: { name: 'x', groups: [] } });
    assert.equal(decision, 'noOpinion');
  });
});

describe('the rules that are listed', () => {
  const builtIn = [mastersAuthorizer, publicPathsAuthorizer, knownUsersAuthorizer];

  it('are what the built-in authorizers allow', async () => {
    const { resourceRules, nonResourceRules, incomplete } = await rulesFor(known, 'default', builtIn);
    const named = resourceRules.flatMap(({ resources }) => resources);
    assert.deepEqual(named, ['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews']);
    for (const { apiGroups = [], resources = [], verbs } of resourceRules) {
      assert.deepEqual(verbs, ['create']);
      const asked = action({ group: apiGroups[0] ?? '', plural: resources[0] ?? '' });
      assert.equal((await knownUsersAuthorizer.authorize(asked)).decision, 'allow');
    }
    const paths = nonResourceRules.flatMap(({ nonResourceURLs = [] }) => nonResourceURLs);
    assert.ok(paths.includes('/healthz') && paths.includes('/openapi/*'), paths.join());
    assert.equal(incomplete, false);
  });

  it('are incomplete when an authorizer lists none', async () => {
    const silent = { name: 'Silent', authorize: () => ({ decision: 'noOpinion' as const }) };
    assert.equal((await rulesFor(known, 'default', [...builtIn, silent])).incomplete, true);
  });
});
