import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { SignJWT } from 'jose';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import { formatTime } from '../../../api/time.ts';
import { FakeClock } from '../../../base/testing/fake-clock.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import type { AccountKeys } from './account-keys.ts';
import { type SigningAlgorithm, type SigningKey, signingKey } from './public-key.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { TokenIssuer } from './token-issuer.ts';

const own = 'https://kubernetes.default.svc';
const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const rsa = signingKey(pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey));
const ec = signingKey(pemOf(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey));
const foreign = signingKey(pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey));

const clock = new FakeClock();
const nowSeconds = () => Math.floor(clock.now() / 1000);

/** By `<plural>/<name>`. */
type World = Record<string, Stored<KubernetesObject> & Record<string, unknown>>;
const thing = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: '',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '', ...more },
});
const world: World = {
  'serviceaccounts/web': thing('web'),
  'serviceaccounts/ending': thing('ending', { deletionTimestamp: formatTime(clock.now() - 30_000) }),
  'serviceaccounts/ended': thing('ended', { deletionTimestamp: formatTime(clock.now() - 61_000) }),
  'pods/p': thing('p'),
  'pods/ended': thing('ended', { deletionTimestamp: formatTime(clock.now() - 61_000) }),
  'secrets/s': thing('s'),
  'nodes/n': thing('n'),
};
const objects: ObjectReader = {
  // The world has the objects of the kinds that are asked for.
  find: async ({ plural }, { name }) => world[`${plural}/${name}`] as never,
  all: async () => [],
};

function keysOf(signing: SigningKey, believed = [signing]): AccountKeys {
  return { signing, believed, lookAgain: async () => believed };
}

const serverAudiences = [own];
const tokensOf = (keys: AccountKeys, issuers = [own]) =>
  new ServiceAccountTokens({ keys, issuers, serverAudiences, objects, clock });
const issuerOf = (key: SigningKey, issuer = own) =>
  new TokenIssuer({ keys: keysOf(key), issuer, serverAudiences, clock });

const claims = { namespace: 'shop', serviceaccount: { name: 'web', uid: 'uid-web' } };
const issue = async (more: object = {}, audiences = serverAudiences) =>
  (await issuerOf(rsa).issue({ ...claims, ...more }, audiences, 3600)).token;

const believer = tokensOf(keysOf(rsa, [rsa, ec]), [own, 'https://before.example.com']);
const why = (token: string, audiences = serverAudiences) =>
  Promise.resolve(believer.authenticateToken(token, audiences)).then(
    (bearer) => (bearer === undefined ? 'not ours' : bearer.user.name),
    (error: Error) => error.message,
  );

/** A token with whatever one likes in it, rightly signed. */
interface Signing {
  readonly key?: SigningKey;
  readonly alg?: string;
  readonly header?: object;
}
function sign(payload: object, { key = rsa, alg = key.algorithm, header = {} }: Signing = {}): Promise<string> {
  return new SignJWT({ ...payload }).setProtectedHeader({ alg, ...header }).sign(key.privateKey);
}
const fullPayload = () => ({
  iss: own,
  sub: 'system:serviceaccount:shop:web',
  aud: [own],
  exp: nowSeconds() + 600,
  nbf: nowSeconds(),
  'kubernetes.io': claims,
});
const unsigned = (header: object, payload: object): string =>
  [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
const badSignature = 'go-jose/go-jose: error in cryptographic primitive';

describe('service account tokens', () => {
  it('say who bears them, and what they are bound to', async () => {
    const pod = { name: 'p', uid: 'uid-p' };
    const bearer = await believer.authenticateToken(await issue({ pod, node: { name: 'gone', uid: 'x' } }), [own]);
    assert.equal(bearer?.user.name, 'system:serviceaccount:shop:web');
    assert.equal(bearer?.user.uid, 'uid-web');
    assert.deepEqual(bearer?.user.groups, ['system:serviceaccounts', 'system:serviceaccounts:shop']);
    const { 'authentication.kubernetes.io/credential-id': id, ...extra } = bearer?.user.extra ?? {};
    assert.match(id?.[0] ?? '', /^JTI=[0-9a-f-]{36}$/);
    assert.deepEqual(extra, {
      'authentication.kubernetes.io/node-name': ['gone'],
      'authentication.kubernetes.io/node-uid': ['x'],
      'authentication.kubernetes.io/pod-name': ['p'],
      'authentication.kubernetes.io/pod-uid': ['uid-p'],
    });
  });

  for (const [algorithm, curve] of [
    ['ES256', 'prime256v1'],
    ['ES384', 'secp384r1'],
    ['ES512', 'secp521r1'],
  ] as const satisfies readonly (readonly [SigningAlgorithm, string])[])
    it(`are signed with ${algorithm} by a key of the curve ${curve}`, async () => {
      const key = signingKey(pemOf(generateKeyPairSync('ec', { namedCurve: curve }).privateKey));
      const { token } = await issuerOf(key).issue(claims, serverAudiences, 600);
      assert.equal(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).alg, algorithm);
      assert.ok(await tokensOf(keysOf(key)).authenticateToken(token, [own]));
    });

  it('are believed of every issuer and every key that is named', async () => {
    const before = await issuerOf(ec, 'https://before.example.com').issue(claims, serverAudiences, 600);
    assert.equal(await why(before.token), 'system:serviceaccount:shop:web');
  });

  it('are meant for whom they name, and for the server when they name nobody', async () => {
    const token = await issue({}, ['vault', own]);
    const bearer = await believer.authenticateToken(token, ['other', 'vault']);
    assert.deepEqual(bearer?.audiences, ['vault']);
    const { aud: _, ...payload } = fullPayload();
    assert.equal(await why(await sign(payload)), 'system:serviceaccount:shop:web');
    assert.match(await why(await sign(payload), ['vault']), /is invalid for the target audiences \["vault"\]/);
  });

  const publicPem = rsa.key.export({ type: 'spki', format: 'pem' }).toString();
  const confused = (): string => {
    const text = unsigned({ alg: 'HS256', typ: 'JWT' }, fullPayload());
    return `${text}.${createHmac('sha256', publicPem).update(text).digest('base64url')}`;
  };
  const changed = async (): Promise<string> => {
    const [header, , signature] = (await issue()).split('.');
    const payload = { ...fullPayload(), sub: 'system:serviceaccount:kube-system:admin' };
    return [header, Buffer.from(JSON.stringify(payload)).toString('base64url'), signature].join('.');
  };
  const attacks: Readonly<Record<string, readonly [() => string | Promise<string>, string | RegExp]>> = {
    'no token': [() => 'garbage', 'not ours'],
    'three parts of nothing': [() => 'a.b.c', 'not ours'],
    'a signature of nothing': [() => `${unsigned({ alg: 'RS256' }, fullPayload())}.AAAA`, badSignature],
    'no algorithm': [() => `${unsigned({ alg: 'none' }, fullPayload())}.`, badSignature],
    'the public key taken for a shared secret': [confused, badSignature],
    'another algorithm of the same key': [() => sign(fullPayload(), { alg: 'PS256' }), badSignature],
    'the key of another cluster': [() => sign(fullPayload(), { key: foreign }), badSignature],
    "another cluster's key that calls itself ours": [
      () => sign(fullPayload(), { key: foreign, header: { kid: rsa.keyId } }),
      badSignature,
    ],
    'a key of its own in the header': [
      () => sign(fullPayload(), { key: foreign, header: { jwk: foreign.key.export({ format: 'jwk' }) } }),
      badSignature,
    ],
    'a changed payload': [changed, badSignature],
    'an extension that must be understood': [
      () => `${unsigned({ alg: 'RS256', crit: ['x'], x: 1 }, fullPayload())}.AAAA`,
      badSignature,
    ],
    'another issuer': [() => sign({ ...fullPayload(), iss: 'https://elsewhere.example.com' }), 'not ours'],
    'the audience of somebody else': [
      () => issue({}, ['vault']),
      `token audiences ["vault"] is invalid for the target audiences ["${own}"]`,
    ],
    'an end that has passed': [
      () => sign({ ...fullPayload(), exp: nowSeconds() - 11 }),
      'service account token has expired',
    ],
    'no end': [() => sign({ ...fullPayload(), exp: undefined }), 'service account token has expired'],
    'an end that is no number': [() => sign({ ...fullPayload(), exp: '9999999999' }), /expired|claims/],
    'a beginning that is to come': [
      () => sign({ ...fullPayload(), nbf: nowSeconds() + 60 }),
      'service account token is not valid yet',
    ],
    'no claims': [() => sign({ ...fullPayload(), 'kubernetes.io': undefined }), /^the claims are not those/],
    'claims of one account and the name of another': [
      () => sign({ ...fullPayload(), sub: 'system:serviceaccount:shop:other' }),
      /^the claims are not those/,
    ],
    'claims with names of the prototype': [
      () => sign({ ...fullPayload(), sub: 'x', 'kubernetes.io': { __proto__: claims } }),
      /^the claims are not those/,
    ],
    'an account that is gone': [
      () => issue({ serviceaccount: { name: 'none', uid: 'x' } }),
      'serviceaccounts "none" not found',
    ],
    'an account that was made again': [
      () => issue({ serviceaccount: { name: 'web', uid: 'before' } }),
      'service account UID (uid-web) does not match claim (before)',
    ],
    'an account that was deleted a while ago': [
      () => issue({ serviceaccount: { name: 'ended', uid: 'uid-ended' } }),
      'service account has been deleted',
    ],
    'a pod that is gone': [() => issue({ pod: { name: 'none', uid: 'x' } }), 'pods "none" not found'],
    'a pod that was made again': [
      () => issue({ pod: { name: 'p', uid: 'before' } }),
      'pod UID (uid-p) does not match service account pod ref claim (before)',
    ],
    'a pod that should have ended a while ago': [
      () => issue({ pod: { name: 'ended', uid: 'uid-ended' } }),
      'pod has been deleted',
    ],
    'a Secret that is gone': [() => issue({ secret: { name: 'none', uid: 'x' } }), 'secrets "none" not found'],
    'a node that is gone': [() => issue({ node: { name: 'none', uid: 'x' } }), 'nodes "none" not found'],
  };
  for (const [title, [token, words]] of Object.entries(attacks))
    it(`are not believed with ${title}`, async () => {
      const said = await why(await token());
      if (typeof words === 'string') assert.equal(said, words);
      else assert.match(said, words);
    });

  it('are good for a minute after their account was deleted, as long as it is there', async () => {
    const token = await issue({ serviceaccount: { name: 'ending', uid: 'uid-ending' } });
    assert.equal(await why(token), 'system:serviceaccount:shop:ending');
  });

  it('of a key that another server has begun to use are believed after a look', async () => {
    let looks = 0;
    const keys: AccountKeys = {
      ...keysOf(rsa),
      async lookAgain() {
        looks += 1;
        return [rsa, ec];
      },
    };
    const { token } = await issuerOf(ec).issue(claims, serverAudiences, 600);
    assert.ok(await tokensOf(keys).authenticateToken(token, [own]));
    assert.equal(looks, 1);
  });
});

describe('tokens of Secrets', () => {
  const legacy = {
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:shop:web',
    'kubernetes.io/serviceaccount/namespace': 'shop',
    'kubernetes.io/serviceaccount/secret.name': 'web-token',
    'kubernetes.io/serviceaccount/service-account.name': 'web',
    'kubernetes.io/serviceaccount/service-account.uid': 'uid-web',
  };
  const holding = (token: string) => {
    const data = { token: Buffer.from(token).toString('base64') };
    world['secrets/web-token'] = { ...thing('web-token'), type: 'kubernetes.io/service-account-token', data };
  };

  it('need no end, and are good as long as the Secret holds them', async () => {
    const token = await sign(legacy);
    holding(token);
    assert.equal(await why(token), 'system:serviceaccount:shop:web');
    holding(await sign({ ...legacy, jti: 'newer' }));
    assert.equal(await why(token), 'service account token has been invalidated');
    delete world['secrets/web-token'];
    assert.equal(await why(token), 'secrets "web-token" not found');
  });

  it('need a Secret', async () => {
    const { 'kubernetes.io/serviceaccount/secret.name': _, ...payload } = legacy;
    assert.equal(await why(await sign(payload)), 'service account token has expired');
  });
});
