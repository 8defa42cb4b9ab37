import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRequestInfo } from './request-info.ts';

function shown(path: string): string {
  const info = parseRequestInfo('GET', path);
  if (!info.isResource) return `plain ${info.path}`;
  const { group, version, namespace = '-', plural, name = '-', subresource = '-', rest = '-', watchPrefix } = info;
  return `${group}/${version} ${namespace} ${plural} ${name} ${subresource} ${rest}${watchPrefix ? ' watch' : ''}`;
}

describe('request info', () => {
  const cases: Record<string, string> = {
    '/': 'plain /',
    '/version': 'plain /version',
    '/api': 'plain /api',
    '/api/v1': 'plain /api/v1',
    '/apis/apps/v1/': 'plain /apis/apps/v1/',
    '/api/v1/pods': '/v1 - pods - - -',
    '/api/v1/pods/': '/v1 - pods - - -',
    '/api/v1/namespaces': '/v1 - namespaces - - -',
    '/api/v1/namespaces/shop': '/v1 - namespaces shop - -',
    '/api/v1/namespaces/shop/status': '/v1 - namespaces shop status -',
    '/api/v1/namespaces/shop/finalize': '/v1 - namespaces shop finalize -',
    '/api/v1/namespaces/shop/pods': '/v1 shop pods - - -',
    '/api/v1/namespaces/shop/pods/web': '/v1 shop pods web - -',
    '/api/v1/namespaces/shop/pods/web/log': '/v1 shop pods web log -',
    '/api/v1/namespaces/shop/pods/web/proxy/a/b': '/v1 shop pods web proxy a/b',
    '/apis/apps/v1/namespaces/shop/deployments/web/scale': 'apps/v1 shop deployments web scale -',
    '/api/v1/watch/namespaces/shop/pods': '/v1 shop pods - - - watch',
    '/api%2Fv1/pods': '/v1 - pods - - -',
    '/api/v1/namespaces//secrets': 'plain /api/v1/namespaces//secrets',
    '/api/v1/namespaces//secrets/a': 'plain /api/v1/namespaces//secrets/a',
    '/api/v1/watch/namespaces//secrets': 'plain /api/v1/watch/namespaces//secrets',
    '/api/v1/namespaces/shop/secrets//': 'plain /api/v1/namespaces/shop/secrets//',
    '/api/v1//secrets': 'plain /api/v1//secrets',
    '/api/v1/namespaces/shop/pods/web/proxy//a': '/v1 shop pods web proxy /a',
  };
  for (const [path, expected] of Object.entries(cases)) {
    it(`reads ${path}`, () => assert.equal(shown(path), expected));
  }

  const verbs: readonly (readonly [method: string, path: string, query: string, verb: string])[] = [
    ['GET', '/api/v1/pods', '', 'list'],
    ['GET', '/api/v1/pods', 'watch', 'watch'],
    ['GET', '/api/v1/pods', 'watch=0', 'list'],
    ['GET', '/api/v1/pods', 'labelSelector=watch', 'list'],
    ['GET', '/api/v1/namespaces/shop/pods/web', 'watch=1', 'get'],
    ['GET', '/api/v1/watch/pods', '', 'watch'],
    ['HEAD', '/api/v1/namespaces/shop/pods/web/proxy', '', 'get'],
    ['OPTIONS', '/api/v1/pods', '', 'list'],
    ['POST', '/api/v1/namespaces/shop/pods', '', 'create'],
    ['PUT', '/api/v1/namespaces/shop/pods/web', '', 'update'],
    ['PATCH', '/api/v1/namespaces/shop/pods/web', '', 'patch'],
    ['DELETE', '/api/v1/namespaces/shop/pods/web', '', 'delete'],
    ['DELETE', '/api/v1/namespaces/shop/pods', '', 'deletecollection'],
    ['POST', '/version', '', 'post'],
  ];
  for (const [method, path, query, verb] of verbs) {
    it(`calls ${method} ${path}?${query} ${verb}`, () =>
      assert.equal(parseRequestInfo(method, path, query).verb, verb));
  }

  it('refuses a path that is not well formed', () => {
    assert.throws(() => parseRequestInfo('GET', '/api/v1/pods/%zz'), { name: 'StatusError' });
  });
});
