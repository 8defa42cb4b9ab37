import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileJsonExpression } from '../../../machinery/cel/json-expression.ts';
import { makeEnvironment } from '../../../machinery/cel/make-environment.ts';
import { dynType } from '../../../machinery/cel/types/cel-type.ts';
import { type ClaimMapping, type Claims, userOf } from './claim-mapping.ts';

const expression = (text: string, variable = 'claims') => ({
  text,
  expression: compileJsonExpression(text, makeEnvironment({ variables: { [variable]: dynType } })),
});
const plain: ClaimMapping = { username: { claim: 'sub', prefix: 'p:' }, extra: [], claimRules: [], userRules: [] };
const map = (claims: Claims, mapping: Partial<ClaimMapping> = {}) => userOf(claims, { ...plain, ...mapping });
const ann = { sub: 'ann' };

describe('users by claims', () => {
  it('are named by a claim with a prefix, or by an expression', () => {
    assert.deepEqual(map(ann), { name: 'p:ann', groups: [] });
    assert.equal(map(ann, { username: expression('claims.sub + "@x"') }).name, 'ann@x');
  });

  for (const [value, groups] of [
    ['dev', ['g:dev']],
    [
      ['dev', 'ops'],
      ['g:dev', 'g:ops'],
    ],
    [undefined, []],
    [[], []],
  ] as const)
    it(`are of the groups ${JSON.stringify(value)}`, () => {
      assert.deepEqual(map({ ...ann, g: value }, { groups: { claim: 'g', prefix: 'g:' } }).groups, groups);
    });

  it('have what expressions make of the claims', () => {
    const extra = [
      { key: 'example.com/a', source: expression('claims.a') },
      { key: 'example.com/none', source: expression('claims.?none.orValue("")') },
    ];
    const user = map({ ...ann, a: ['x', 'y'], n: 7 }, { extra, uid: expression('string(claims.n)') });
    assert.deepEqual([user.uid, user.extra], ['7', { 'example.com/a': ['x', 'y'] }]);
  });

  const verified: Partial<ClaimMapping> = { username: { claim: 'email', prefix: '' } };
  const refused: Readonly<Record<string, readonly [Claims, Partial<ClaimMapping>, RegExp]>> = {
    'no name': [{}, {}, /there is no claim for username/],
    'an empty name': [{ sub: '' }, {}, /there is no claim for username/],
    'a name that is no text': [{ sub: 7 }, {}, /is no text/],
    'a list of names': [{ sub: ['a', 'b'] }, {}, /is no text/],
    'groups that are no texts': [{ ...ann, g: [7] }, { groups: { claim: 'g', prefix: '' } }, /is no text/],
    'an address that was not confirmed': [{ email: 'a@x', email_verified: false }, verified, /email not verified/],
    'an expression that finds nothing': [ann, { username: expression('claims.none') }, /cannot be evaluated/],
    'no claim that must be there': [ann, { claimRules: [{ claim: 'hd', requiredValue: 'x' }] }, /hd not present/],
    'another value': [{ ...ann, hd: 'y' }, { claimRules: [{ claim: 'hd', requiredValue: 'x' }] }, /does not match/],
    'a rule that is not true': [ann, { claimRules: [{ ...expression('claims.sub'), message: '' }] }, /failed/],
    'a rule with words of its own': [ann, { claimRules: [{ ...expression('false'), message: 'no' }] }, /oidc: no$/],
    'a rule for users': [
      ann,
      { userRules: [{ ...expression('user.username != "p:ann"', 'user'), message: '' }] },
      /failed/,
    ],
  };
  for (const [title, [claims, mapping, words]] of Object.entries(refused))
    it(`are nobody with ${title}`, () => assert.throws(() => map(claims, mapping), words));

  it('may have an address of which nobody says whether it was confirmed', () => {
    assert.equal(map({ email: 'a@x' }, verified).name, 'a@x');
  });
});
