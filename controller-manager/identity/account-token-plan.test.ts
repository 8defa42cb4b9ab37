import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { secrets, serviceAccounts } from '../../api/resources/core.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { planAccountToken } from './account-token-plan.ts';

const now = Date.UTC(2030, 0, 1);
const second = now / 1000;
const encode = (text: string): string => Buffer.from(text).toString('base64');
const tokenOf = (payload: object): string => `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.sig`;

const account = storedObject(serviceAccounts, { metadata: { name: 'web', uid: 'u1' } });
const name = { 'kubernetes.io/service-account.name': 'web' };
const uid = { 'kubernetes.io/service-account.uid': 'u1' };
const secret = (data: Record<string, string> = {}, annotations: Record<string, string> = name, more: object = {}) =>
  storedObject(secrets, {
    metadata: { name: 's', annotations, ...more },
    type: 'kubernetes.io/service-account-token',
    data,
  });
const plan = (one: ReturnType<typeof secret>) => planAccountToken(one, { account, rootCertificate: 'PEM', now });
const full = { 'ca.crt': encode('PEM'), namespace: encode('default') };

describe('a Secret for a token of an account', () => {
  it('gets the certificate, the namespace, the uid of the account, and needs a token', () => {
    const made = plan(secret({ mine: 'eA==' }));
    assert.equal(made.type, 'fill');
    assert.equal(made.type === 'fill' && made.needsToken, true);
    const { data, metadata } = made.type === 'fill' ? made.object : {};
    assert.deepEqual(data, { mine: 'eA==', ...full });
    assert.deepEqual(metadata?.annotations, { ...name, ...uid });
  });

  it('is left when it has all, and gets back what is changed', () => {
    const token = encode(tokenOf({}));
    assert.deepEqual(plan(secret({ ...full, token }, { ...name, ...uid })), { type: 'nothing' });
    const mended = plan(secret({ ...full, token, 'ca.crt': encode('OLD') }, { ...name, ...uid }));
    assert.equal(mended.type === 'fill' && mended.needsToken, false);
  });

  it('gets a new token when four fifths of the life of this one are over', () => {
    const aged = (age: number) =>
      plan(
        secret(
          { ...full, token: encode(tokenOf({ iat: second - age, exp: second - age + 1000 })) },
          { ...name, ...uid },
        ),
      );
    assert.deepEqual(aged(500), { type: 'nothing', waitMs: 300_000 });
    const renewed = aged(800);
    assert.equal(renewed.type === 'fill' && renewed.needsToken, true);
  });

  it('goes with its account, and does not become that of another one of its name', () => {
    assert.deepEqual(planAccountToken(secret(), { account: undefined, rootCertificate: 'PEM', now }), {
      type: 'delete',
    });
    const before = { ...name, 'kubernetes.io/service-account.uid': 'u0' };
    assert.deepEqual(plan(secret({}, before)), { type: 'delete' });
  });

  it('is left alone while it is being deleted', () => {
    const ending = secret({}, name, { deletionTimestamp: '2030-01-01T00:00:00Z' });
    assert.deepEqual(planAccountToken(ending, { account: undefined, rootCertificate: 'PEM', now }), {
      type: 'nothing',
    });
  });
});
