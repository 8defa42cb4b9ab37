import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rewriteProxiedUrl } from './proxied-url.ts';

const page = { prefix: '/api/v1/namespaces/n/services/web/proxy', target: '10.244.0.5:80', front: 'localhost:8001' };
const { prefix } = page;

describe('rewriteProxiedUrl', () => {
  const cases: Readonly<Record<string, string>> = {
    '/': `${prefix}/`,
    '/a/b?c=/d#/e': `${prefix}/a/b?c=/d#/e`,
    '/a/../b/': `${prefix}/b/`,
    'http://10.244.0.5:80/a': `${prefix}/a`,
    'https://10.244.0.5:80/': `${prefix}/`,
    '//10.244.0.5:80/a': `${prefix}/a`,
    'http://localhost:8001/a': `http://localhost:8001${prefix}/a`,
    'http://10.244.0.5:80': 'http://10.244.0.5:80',
    'http://10.244.0.5/a': 'http://10.244.0.5/a',
    'http://example.com/a': 'http://example.com/a',
    '//cdn.example.com/a.js': '//cdn.example.com/a.js',
    'a/b': 'a/b',
    '?x': '?x',
    '#top': '#top',
    'mailto:/x': `${prefix}/x`,
    'mailto:x': 'mailto:x',
    'javascript:void(0)': 'javascript:void(0)',
    [`${prefix}/a`]: `${prefix}/a`,
    [`${prefix}-other`]: `${prefix}${prefix}-other`,
    '': '',
  };
  for (const [url, want] of Object.entries(cases))
    it(`makes ${url} ${want}`, () => assert.equal(rewriteProxiedUrl(url, page), want));
});
