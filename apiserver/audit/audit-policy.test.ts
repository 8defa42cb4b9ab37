import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../base/user-error.ts';
import { parseRequestInfo } from '../request/request-info.ts';
import { PolicyJudge } from './audit-policy.ts';
import { defaultAuditPolicy } from './default-policy.ts';
import { readPolicy } from './read-policy.ts';

const policyOf = (rules: readonly object[], rest: object = {}) =>
  readPolicy(JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules, ...rest }), 'policy');

const user = { name: 'ann', groups: ['devs', 'system:authenticated'] };
const levelOf = (rule: object, request: string): string => {
  const [method = '', path = ''] = request.split(' ');
  return new PolicyJudge(policyOf([{ level: 'Request', ...rule }])).judge(parseRequestInfo(method, path), user).level;
};

describe('rules of an audit policy', () => {
  const pod = 'GET /api/v1/namespaces/shop/pods/web';
  const cases: readonly [object, string, boolean][] = [
    [{}, pod, true],
    [{}, 'GET /healthz', true],
    [{ users: ['ann'] }, pod, true],
    [{ users: ['bob'] }, pod, false],
    [{ userGroups: ['ops', 'devs'] }, pod, true],
    [{ userGroups: ['ops'] }, pod, false],
    [{ verbs: ['get'] }, pod, true],
    [{ verbs: ['list'] }, pod, false],
    [{ namespaces: ['shop'] }, pod, true],
    [{ namespaces: [''] }, 'GET /api/v1/nodes/n', true],
    [{ namespaces: [''] }, pod, false],
    [{ namespaces: ['shop'] }, 'GET /healthz', false],
    [{ resources: [{ group: '', resources: ['pods'] }] }, pod, true],
    [{ resources: [{ group: 'apps', resources: ['pods'] }] }, pod, false],
    [{ resources: [{ group: 'apps' }] }, 'POST /apis/apps/v1/namespaces/shop/deployments', true],
    [{ resources: [{ resources: ['pods'] }] }, `${pod}/log`, false],
    [{ resources: [{ resources: ['pods/log'] }] }, `${pod}/log`, true],
    [{ resources: [{ resources: ['pods/*'] }] }, `${pod}/log`, true],
    [{ resources: [{ resources: ['pods/*'] }] }, pod, true],
    [{ resources: [{ resources: ['*/log'] }] }, `${pod}/log`, true],
    [{ resources: [{ resources: ['*'] }] }, `${pod}/log`, true],
    [{ resources: [{ resources: ['pods'], resourceNames: ['web'] }] }, pod, true],
    [{ resources: [{ resources: ['pods'], resourceNames: ['db'] }] }, pod, false],
    [{ nonResourceURLs: ['/healthz*'] }, 'GET /healthz/etcd', true],
    [{ nonResourceURLs: ['/healthz'] }, 'GET /healthz/etcd', false],
    [{ nonResourceURLs: ['*'] }, 'GET /healthz', true],
    [{ nonResourceURLs: ['*'] }, pod, false],
  ];
  for (const [rule, request, isMatch] of cases) {
    it(`${JSON.stringify(rule)} ${isMatch ? 'matches' : 'does not match'} ${request}`, () =>
      assert.equal(levelOf(rule, request), isMatch ? 'Request' : 'None'));
  }

  it('decide by the first that matches; stages are left out by rule and policy together', () => {
    const policy = policyOf(
      [
        { level: 'Metadata', verbs: ['get'], omitStages: ['Panic'], omitManagedFields: false },
        { level: 'RequestResponse' },
      ],
      { omitStages: ['RequestReceived'], omitManagedFields: true },
    );
    const judge = new PolicyJudge(policy);
    assert.deepEqual(judge.judge(parseRequestInfo('GET', '/api/v1/nodes/n'), user), {
      level: 'Metadata',
      omitStages: ['RequestReceived', 'Panic'],
      omitManagedFields: false,
    });
    assert.equal(judge.judge(parseRequestInfo('POST', '/api/v1/nodes'), user).level, 'RequestResponse');
  });
});

describe('the default audit policy', () => {
  const judge = new PolicyJudge(defaultAuditPolicy);
  const node = { name: 'system:node:a', groups: ['system:nodes'] };
  const scheduler = { name: 'system:kube-scheduler', groups: [] };
  const system = '/apis/coordination.k8s.io/v1/namespaces/kube-system';
  const cases: readonly [string, string, typeof user, string][] = [
    ['GET', '/api/v1/namespaces/shop/secrets/s', user, 'None'],
    ['POST', '/api/v1/namespaces/shop/secrets', user, 'Metadata'],
    ['GET', '/api/v1/namespaces/shop/pods/web/exec', user, 'Metadata'],
    ['PUT', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a', node, 'None'],
    ['POST', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', node, 'None'],
    ['DELETE', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a', node, 'Metadata'],
    ['PUT', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a', user, 'Metadata'],
    ['PUT', `${system}/leases/kube-scheduler`, scheduler, 'None'],
    ['PUT', `${system}/leases/kube-scheduler`, user, 'Metadata'],
    ['PATCH', `${system}/leases/kube-scheduler`, user, 'Metadata'],
    ['DELETE', `${system}/leases/kube-scheduler`, scheduler, 'Metadata'],
    ['PUT', `${system}/leases/another`, scheduler, 'Metadata'],
    ['PUT', '/apis/coordination.k8s.io/v1/namespaces/shop/leases/kube-scheduler', scheduler, 'Metadata'],
    ['PATCH', '/api/v1/namespaces/shop/pods/web/status', node, 'None'],
    ['PATCH', '/api/v1/namespaces/shop/pods/web/status', user, 'Metadata'],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', user, 'None'],
    ['POST', '/api/v1/namespaces/shop/events', user, 'None'],
    ['PATCH', '/apis/events.k8s.io/v1/namespaces/shop/events/e', node, 'None'],
    ['DELETE', '/api/v1/namespaces/shop/events/e', user, 'Metadata'],
    ['DELETE', '/apis/events.k8s.io/v1/namespaces/shop/events', user, 'Metadata'],
  ];
  for (const [method, path, who, level] of cases) {
    it(`${method} ${path} by ${who.name}: ${level}`, () =>
      assert.equal(judge.judge(parseRequestInfo(method, path), who).level, level));
  }
});

describe('reading a policy', () => {
  const refused: readonly [string, RegExp][] = [
    ['[', /^policy: neither YAML nor JSON/],
    ['a: 1', /must be apiVersion audit.k8s.io\/v1/],
    [
      '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: metadata}]}',
      /rules\[0\]\.level: Unsupported value: "metadata": supported values: "None", "Metadata"/,
    ],
    ['{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{}]}', /rules\[0\]\.level/],
    [
      '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, user: [a]}]}',
      /unknown field "rules\[0\]\.user"/,
    ],
    [
      '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, users: a}]}',
      /rules\[0\]\.users: must be a list/,
    ],
    ['{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, nonResourceURLs: ["a"]}]}', /must begin with/],
    [
      '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, nonResourceURLs: ["/a"], namespaces: [b]}]}',
      /cannot apply to both/,
    ],
    ['{apiVersion: audit.k8s.io/v1, kind: Policy}', /rules: Required value/],
  ];
  for (const [text, why] of refused) {
    it(`refuses ${text}`, () =>
      assert.throws(
        () => readPolicy(text, 'policy'),
        (error) => error instanceof UserError && why.test(error.message),
      ));
  }
});
