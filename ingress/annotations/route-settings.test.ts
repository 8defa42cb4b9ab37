import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultSettings, type RouteSettings, readRouteSettings } from './route-settings.ts';

const prefix = 'nginx.ingress.kubernetes.io/';
const read = (annotations: Readonly<Record<string, string>>) =>
  readRouteSettings(
    Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`${prefix}${name}`, value])),
  );

describe('annotations', () => {
  const cases: readonly (readonly [name: string, value: string, settings: Partial<RouteSettings>])[] = [
    ['proxy-body-size', '8m', { maxBodyBytes: 8 << 20 }],
    ['proxy-body-size', '0', { maxBodyBytes: undefined }],
    ['proxy-read-timeout', '3600', { readTimeoutMs: 3_600_000 }],
    ['proxy-send-timeout', '30s', { sendTimeoutMs: 30_000 }],
    ['proxy-connect-timeout', '2', { connectTimeoutMs: 2_000 }],
    ['backend-protocol', 'grpc', { backendProtocol: 'GRPC' }],
    ['ssl-redirect', 'false', { sslRedirect: false }],
    ['force-ssl-redirect', 'true', { forceSslRedirect: true }],
    ['use-regex', 'true', { useRegex: true }],
    ['rewrite-target', '/$1', { rewriteTarget: '/$1' }],
    ['proxy-next-upstream', 'off', { tries: 1 }],
    ['proxy-next-upstream-tries', '5', { tries: 5 }],
    ['permanent-redirect', 'https://new.example/x', { redirect: { url: 'https://new.example/x', code: 301 } }],
    ['temporal-redirect', 'https://new.example', { redirect: { url: 'https://new.example', code: 302 } }],
    ['app-root', '/home', { appRoot: '/home' }],
    ['upstream-vhost', 'inner.example', { upstreamHost: 'inner.example' }],
    ['proxy-buffering', 'off', {}],
  ];
  for (const [name, value, settings] of cases)
    it(`${name}: ${value}`, () =>
      assert.deepEqual(read({ [name]: value }), {
        settings: { ...defaultSettings, ...settings },
        problems: [],
        isClosed: false,
      }));

  it('permanent-redirect-code is that of the permanent one', () =>
    assert.equal(
      read({ 'permanent-redirect': 'https://a.example/', 'permanent-redirect-code': '308' }).settings.redirect?.code,
      308,
    ));

  const bad = [
    ['proxy-read-timeout', 'soon'],
    ['proxy-read-timeout', '0'],
    ['backend-protocol', 'FCGI'],
    ['permanent-redirect', 'javascript:alert(1)'],
    ['permanent-redirect', 'https://a.example/\r\nSet-Cookie: a=b'],
    ['app-root', 'https://a.example'],
    ['upstream-vhost', 'a b'],
  ] as const;
  for (const [name, value] of bad)
    it(`${name}: ${JSON.stringify(value)} is told`, () => {
      const { settings, problems, isClosed } = read({ [name]: value });
      assert.deepEqual(settings, defaultSettings);
      assert.deepEqual([problems.map(({ reason }) => reason), isClosed], [['InvalidAnnotation'], false]);
    });

  it('others are named in one event', () => {
    const { problems } = read({ 'server-snippet': 'x', affinity: 'cookie' });
    assert.deepEqual(
      problems.map(({ message }) => message),
      [`Annotations that are not acted on: ${prefix}affinity, ${prefix}server-snippet`],
    );
  });

  for (const [name, value] of [
    ['auth-url', 'https://auth.example'],
    ['canary', 'true'],
    ['whitelist-source-range', '10.0.0.0/8,office'],
  ] as const)
    it(`is not served where ${name} would let in who shall not be`, () => {
      const { problems, isClosed } = read({ [name]: value });
      assert.ok(isClosed);
      assert.ok(problems.some(({ reason }) => reason === 'NotServed'));
    });

  it('leaves those of others alone', () =>
    assert.deepEqual(readRouteSettings({ 'alb.ingress.kubernetes.io/scheme': 'x' }).problems, []));
});
