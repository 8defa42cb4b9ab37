import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dump } from 'js-yaml';
import { parseAuthenticationConfiguration } from './authentication-configuration.ts';

const url = 'https://issuer.example.com';
const issuer = { url, audiences: ['a'] };
const username = { claim: 'sub', prefix: '' };
const jwt = { issuer, claimMappings: { username } };
const parse = (document: object) =>
  parseAuthenticationConfiguration(
    dump({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', ...document }),
    ['https://kubernetes.default.svc'],
  );
const mapped = (claimMappings: object, more: object = {}) => ({
  jwt: [{ issuer, claimMappings: { username, ...claimMappings }, ...more }],
});
const issued = (more: object) => ({ jwt: [{ ...jwt, issuer: { ...issuer, ...more } }] });

describe('an AuthenticationConfiguration', () => {
  it('names issuers, where they are found, and what is open to nobody in particular', () => {
    const { issuers, anonymous } = parse({
      jwt: [jwt, { ...jwt, issuer: { ...issuer, url: `${url}/b`, discoveryURL: `${url}/c` } }],
      anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
    });
    assert.deepEqual(
      issuers.map((one) => [one.issuer, one.discoveryUrl]),
      [
        [url, `${url}/.well-known/openid-configuration`],
        [`${url}/b`, `${url}/c`],
      ],
    );
    assert.deepEqual(anonymous, { enabled: true, paths: ['/livez'] });
    assert.deepEqual(parse({}), { issuers: [], anonymous: undefined });
  });

  const refusals: readonly (readonly [object, string])[] = [
    [{ jwt: [jwt], nonsense: 1 }, 'nonsense: Forbidden: unknown field "nonsense"'],
    [{ jwt: [{}] }, 'jwt[0].issuer: Required value'],
    [issued({ url: '' }), 'jwt[0].issuer.url: Required value'],
    [issued({ url: 'http://a' }), 'jwt[0].issuer.url: Invalid value: "http://a": URL scheme must be https'],
    [issued({ url: `${url}?x` }), `jwt[0].issuer.url: Invalid value: "${url}?x": URL must not contain a query`],
    [
      issued({ url: 'https://kubernetes.default.svc' }),
      'jwt[0].issuer.url: Invalid value: "https://kubernetes.default.svc": URL must not overlap with disallowed issuers',
    ],
    [issued({ discoveryURL: url }), 'must be different from URL'],
    [issued({ audiences: [] }), 'jwt[0].issuer.audiences: Required value: at least one'],
    [issued({ audiences: ['a', 'b'] }), 'audienceMatchPolicy must be set to MatchAny for multiple audiences'],
    [issued({ audiences: 'a' }), 'jwt[0].issuer.audiences: Invalid value: "a": must be a list of strings'],
    [issued({ certificateAuthority: 'PEM' }), 'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>"'],
    [{ jwt: [jwt, jwt] }, `jwt[1].issuer.url: Duplicate value: "${url}"`],
    [{ jwt: [{ issuer, claimMappings: {} }] }, 'jwt[0].claimMappings.username: Required value'],
    [mapped({ username: { claim: 'sub' } }), 'jwt[0].claimMappings.username.prefix: Required value'],
    [mapped({ username: { claim: 'a', expression: 'b' } }), "claim and expression can't both be set"],
    [
      mapped({ username: { expression: 'claims.(' } }),
      'jwt[0].claimMappings.username.expression: Invalid value: "claims.(": compilation failed',
    ],
    [mapped({ username: { expression: 'user.name' } }), 'compilation failed'],
    [mapped({ username: { expression: 'claims.email' } }), 'claims.email_verified must be used'],
    [
      mapped({ extra: [{ key: 'a', valueExpression: 'claims.a' }] }),
      'jwt[0].claimMappings.extra[0].key: Invalid value',
    ],
    [mapped({ extra: [{ key: 'x.k8s.io/a', valueExpression: 'claims.a' }] }), 'reserved for Kubernetes use'],
    [mapped({}, { claimValidationRules: [{}] }), 'jwt[0].claimValidationRules[0]: Required value: claim or expression'],
    [mapped({}, { userValidationRules: [{ expression: 'claims.a' }] }), 'jwt[0].userValidationRules[0].expression'],
    [{ anonymous: { enabled: false, conditions: [{ path: '/a' }] } }, 'enabled should be set to true'],
    [{ anonymous: { enabled: 'yes' } }, 'anonymous.enabled: Invalid value: "yes": must be true or false'],
    [{ kind: 'Other' }, 'no kind "Other" is registered'],
  ];
  for (const [document, words] of refusals)
    it(`is refused: ${words}`, () => {
      assert.throws(
        () => parse(document),
        (error) => {
          assert.ok(String(error).includes(words), String(error));
          return true;
        },
      );
    });

  it('takes an address for a name only when somebody asks whether it was confirmed', () => {
    const expression = 'claims.?email_verified.orValue(true) ? claims.email : claims.sub';
    assert.equal(parse(mapped({ username: { expression } })).issuers.length, 1);
  });
});
