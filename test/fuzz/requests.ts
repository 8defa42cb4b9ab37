/** Hostile requests: arbitraries for paths, queries and headers that no well-meaning client sends, with such bodies. */

import fc from 'fast-check';
import { hostileBody } from './bodies.ts';

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

const resources = [
  '/api/v1/namespaces/default/pods',
  '/api/v1/namespaces/default/configmaps',
  '/api/v1/namespaces/default/services',
  '/api/v1/namespaces/default/secrets',
  '/api/v1/namespaces',
  '/api/v1/nodes',
  '/apis/apps/v1/namespaces/default/deployments',
  '/apis/batch/v1/namespaces/default/jobs',
  '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
  '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles',
  '/api/v1/pods',
  '/apis/nope/v1/things',
];

const names = ['fuzz', 'fuzz', 'fuzz', 'absent', '..', '%2e%2e', 'a%2fb', '%00', 'UPPER', 'x'.repeat(300), '%ff', ''];
const subresources = [
  '',
  '',
  '',
  '/status',
  '/scale',
  '/log',
  '/binding',
  '/eviction',
  '/finalize',
  '/ephemeralcontainers',
  '/resize',
  '/exec',
  '/proxy/x',
  '/token',
  '/bogus',
  '/status/status',
];

const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'limit',
        'continue',
        'resourceVersion',
        'resourceVersionMatch',
        'labelSelector',
        'fieldSelector',
        'dryRun',
        'fieldValidation',
        'fieldManager',
        'force',
        'propagationPolicy',
        'gracePeriodSeconds',
        'timeoutSeconds',
        'timeout',
        'includeObject',
        'pretty',
        'sendInitialEvents',
        'allowWatchBookmarks',
        'bogus',
      ),
      fc.constantFrom(
        '',
        '0',
        '1',
        '-1',
        '1e9',
        '99999999999999999999',
        'All',
        'Strict',
        'Warn',
        'NotOlderThan',
        'Exact',
        'a=b',
        'a in (b,c',
        '!a',
        'a>-1',
        'metadata.name=fuzz',
        'spec.bogus=1',
        '%',
        '%zz',
        '\u0000',
        'x'.repeat(200),
        '(((((((((',
        `${'a=b,'.repeat(500)}c=d`,
        'eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ',
        'Orphan',
        'true',
        'maybe',
        'None',
        '1s',
        '-5s',
      ),
    ),
    { maxLength: 4 },
  )
  .map((pairs) =>
    pairs.map(([name, value]) => `${name}=${value === '%zz' ? value : encodeURIComponent(value)}`).join('&'),
  );

const contentTypes = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
  'constructor',
  'application/json; charset=utf-16',
  ';',
];

const accepts = [
  'application/json',
  '*/*',
  '',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf',
  'text/html;q=0.1',
  'application/json;as=Nope;v=v9;g=x',
  ',,,;;;',
];

/** Never a watch: those answer for as long as they are asked to. */
export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
    resource: fc.constantFrom(...resources),
    name: fc.constantFrom(...names),
    subresource: fc.constantFrom(...subresources),
    query,
    contentType: fc.constantFrom(...contentTypes),
    accept: fc.constantFrom(...accepts),
    body: hostileBody,
  })
  .map(({ method, resource, name, subresource, query: asked, contentType, accept, body: bytes }) => {
    const target = method === 'POST' && subresource === '' ? resource : `${resource}/${name}${subresource}`;
    const withBody = method !== 'GET' && method !== 'HEAD';
    return {
      method,
      path: asked === '' ? target : `${target}?${asked}`,
      headers: { accept, ...(withBody && { 'content-type': contentType }) },
      ...(withBody && { body: bytes }),
    };
  });
