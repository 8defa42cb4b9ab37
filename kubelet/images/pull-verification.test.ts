import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PullCredentials } from './pull-secrets.ts';
import {
  type Access,
  findKnown,
  judgeAccess,
  type PullRecord,
  usualVerification,
  type Verification,
  withAccess,
} from './pull-verification.ts';

const offered = (name: string, hash: string, uid = name): PullCredentials => ({
  credentials: { username: 'u', password: 'p' },
  source: { namespace: 'ns', name, uid },
  hash,
});

const fresh: PullRecord = { imageId: 'sha256:1', repositories: {} };
const forAll = withAccess(fresh, 'r.example/app:1', undefined);
const withSecret = withAccess(fresh, 'r.example/app:1', offered('s', 'h'));
const always: Verification = { policy: 'AlwaysVerify', allowlist: [] };
const never: Verification = { policy: 'NeverVerify', allowlist: [] };
const listed: Verification = {
  policy: 'NeverVerifyAllowlistedImages',
  allowlist: ['busybox', 'r.example/base/*', 'r.example/one'],
};

describe('judgeAccess', () => {
  const cases: readonly (readonly [
    words: string,
    image: string,
    record: PullRecord | undefined,
    isBeingPulled: boolean,
    verification: Verification,
    access: Access,
  ])[] = [
    ['what was there before', 'r.example/app:1', undefined, false, usualVerification, 'allowed'],
    ['what was there before, where all is verified', 'r.example/app:1', undefined, false, always, 'mustPull'],
    ['what anybody may pull', 'r.example/app:1', forAll, false, usualVerification, 'allowed'],
    ['the same by another tag', 'r.example/app:2', forAll, false, usualVerification, 'allowed'],
    ['the same from elsewhere', 'other.example/app:1', forAll, false, usualVerification, 'mustPull'],
    ['what was pulled with credentials', 'r.example/app:1', withSecret, false, usualVerification, 'byCredentials'],
    ['the same by its id', `sha256:${'a'.repeat(64)}`, withSecret, false, usualVerification, 'mustPull'],
    ['the same where nothing is verified', 'r.example/app:1', withSecret, false, never, 'allowed'],
    ['what a pull may have brought', 'r.example/app:1', undefined, true, usualVerification, 'mustPull'],
    ['what is recorded for nobody', 'r.example/app:1', fresh, false, usualVerification, 'mustPull'],
    ['a name as of a method', 'constructor', fresh, false, usualVerification, 'mustPull'],
    ['what is listed', 'busybox:1', undefined, false, listed, 'allowed'],
    ['what is listed with all below', 'r.example/base/a/b:1', undefined, false, listed, 'allowed'],
    ['what only begins like it', 'r.example/base-b:1', undefined, false, listed, 'mustPull'],
    ['what is below a listed one', 'r.example/one/two:1', undefined, false, listed, 'mustPull'],
    ['what is listed and was pulled with credentials', 'r.example/app:1', withSecret, false, listed, 'byCredentials'],
  ];
  for (const [words, name, record, isBeingPulled, verification, access] of cases)
    it(`${words} (${verification.policy}): ${access}`, () =>
      assert.equal(judgeAccess({ name, record, isBeingPulled }, verification), access));
});

describe('findKnown', () => {
  const access = withSecret.repositories['r.example/app'] ?? { anybody: false, secrets: [] };
  for (const [words, all, found] of [
    ['the same Secret', [offered('s', 'h')], 's'],
    ['the same Secret with new credentials', [offered('s', 'new')], 's'],
    ['the same credentials in another Secret', [offered('x', 'y'), offered('t', 'h')], 't'],
    ['another Secret of that name', [offered('s', 'other', 'uid2')], undefined],
    ['other credentials', [offered('t', 'other')], undefined],
    ['none', [], undefined],
  ] as const)
    it(`finds ${found} in ${words}`, () => assert.equal(findKnown(access, all)?.source.name, found));
});

describe('withAccess', () => {
  it('keeps what was known, once for each Secret', () => {
    const twice = withAccess(
      withAccess(withSecret, 'r.example/app:2', offered('s', 'new')),
      'r.example/app',
      undefined,
    );
    assert.deepEqual(twice.repositories, {
      'r.example/app': { anybody: true, secrets: [{ namespace: 'ns', name: 's', uid: 's', hash: 'new' }] },
    });
    const other = withAccess(withSecret, 'r.example/else', offered('t', 'h2'));
    assert.deepEqual(Object.keys(other.repositories), ['r.example/app', 'r.example/else']);
  });

  it('writes no credentials down', () => {
    assert.ok(!JSON.stringify(withSecret).includes('password'));
  });
});
