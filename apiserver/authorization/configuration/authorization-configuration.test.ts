import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dump } from 'js-yaml';
import { parseAuthorizationConfiguration } from './authorization-configuration.ts';

const parse = (document: object) =>
  parseAuthorizationConfiguration(
    dump({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', ...document }),
  );
const webhook = {
  timeout: '3s',
  failurePolicy: 'Deny',
  subjectAccessReviewVersion: 'v1',
  connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/etc/webhook.kubeconfig' },
};
const withWebhook = (more: object) => ({
  authorizers: [{ type: 'Webhook', name: 'a', webhook: { ...webhook, ...more } }],
});
const withCondition = (...expressions: string[]) =>
  withWebhook({
    matchConditionSubjectAccessReviewVersion: 'v1',
    matchConditions: expressions.map((expression) => ({ expression })),
  });
const at = 'authorizers[0].webhook';

describe('an AuthorizationConfiguration', () => {
  it('names authorizers in order, and what a webhook is asked', () => {
    const [node, hook, rbac] = parse({
      authorizers: [
        { type: 'Node', name: 'node' },
        { type: 'Webhook', name: 'policy.example.com', webhook: { ...webhook, cacheUnauthorizedRequests: false } },
        { type: 'RBAC', name: 'rbac' },
      ],
    });
    assert.deepEqual(
      [node, rbac],
      [
        { type: 'Node', name: 'node' },
        { type: 'RBAC', name: 'rbac' },
      ],
    );
    assert.deepEqual(hook, {
      type: 'Webhook',
      name: 'policy.example.com',
      webhook: {
        timeoutMs: 3_000,
        authorizedTtlMs: 300_000,
        unauthorizedTtlMs: 0,
        failurePolicy: 'Deny',
        subjectAccessReviewVersion: 'v1',
        connection: {
          type: 'KubeConfigFile',
          path: '/etc/webhook.kubeconfig',
          named: `authorizers[1].webhook.connectionInfo.kubeConfigFile`,
        },
        matchConditions: [],
      },
    });
  });

  const refusals: readonly (readonly [object, string])[] = [
    [{}, 'authorizers: Required value: at least one authorization mode must be defined'],
    [{ kind: 'AuthenticationConfiguration' }, 'no kind "AuthenticationConfiguration" is registered'],
    [{ authorizers: [{ name: 'a' }] }, 'authorizers[0].type: Required value'],
    [
      { authorizers: [{ type: 'ABAC', name: 'a' }] },
      'authorizers[0].type: Unsupported value: "ABAC": supported values: ',
    ],
    [{ authorizers: [{ type: 'RBAC' }] }, 'authorizers[0].name: Required value'],
    [{ authorizers: [{ type: 'RBAC', name: 'A b' }] }, 'authorizer name is invalid: '],
    [
      {
        authorizers: [
          { type: 'RBAC', name: 'a' },
          { type: 'RBAC', name: 'b' },
        ],
      },
      'authorizers[1].type: Duplicate value: "RBAC"',
    ],
    [
      {
        authorizers: [
          { type: 'RBAC', name: 'a' },
          { type: 'Node', name: 'a' },
        ],
      },
      'authorizers[1].name: Duplicate value: "a"',
    ],
    [
      { authorizers: [{ type: 'RBAC', name: 'a', webhook }] },
      `${at}: Invalid value: "non-null": may only be specified when type=Webhook`,
    ],
    [{ authorizers: [{ type: 'Webhook', name: 'a' }] }, `${at}: Required value: required when type=Webhook`],
    [{ authorizers: [{ type: 'RBAC', name: 'a', nonsense: 1 }] }, 'authorizers[0].nonsense: Forbidden: unknown field'],
    [withWebhook({ timeout: undefined }), `${at}.timeout: Required value`],
    [withWebhook({ timeout: '31s' }), `${at}.timeout: Invalid value: "31s": must be > 0s and <= 30s`],
    [withWebhook({ timeout: 'soon' }), `${at}.timeout: Invalid value: "soon"`],
    [withWebhook({ authorizedTTL: '-1s' }), `${at}.authorizedTTL: Invalid value: "-1s": must be > 0s`],
    [withWebhook({ failurePolicy: undefined }), `${at}.failurePolicy: Required value`],
    [withWebhook({ failurePolicy: 'Allow' }), `${at}.failurePolicy: Unsupported value: "Allow"`],
    [withWebhook({ subjectAccessReviewVersion: 'v2' }), `${at}.subjectAccessReviewVersion: Unsupported value: "v2"`],
    [withWebhook({ connectionInfo: undefined }), `${at}.connectionInfo: Required value`],
    [withWebhook({ connectionInfo: { type: 'KubeConfigFile' } }), 'connectionInfo.kubeConfigFile: Required value'],
    [
      withWebhook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'a' } }),
      'connectionInfo.kubeConfigFile: Invalid value: "a": must be an absolute path',
    ],
    [
      withWebhook({ connectionInfo: { type: 'InClusterConfig', kubeConfigFile: '/a' } }),
      'Invalid value: "/a": can only be set when type=KubeConfigFile',
    ],
    [
      withWebhook({ matchConditions: [{ expression: 'true' }] }),
      `${at}.matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified`,
    ],
    [withCondition(''), `${at}.matchConditions[0].expression: Required value`],
    [withCondition('true', 'true'), `${at}.matchConditions[1].expression: Duplicate value: "true"`],
    [
      withCondition('true', 'request.('),
      `${at}.matchConditions[1].expression: Invalid value: "request.(": compilation failed`,
    ],
    [
      withCondition('object.x == 1'),
      `${at}.matchConditions[0].expression: Invalid value: "object.x == 1": compilation`,
    ],
    [
      withCondition(...Array.from({ length: 65 }, (_, n) => `request.user == "${n}"`)),
      `${at}.matchConditions: Too many: 65: must have at most 64 items`,
    ],
  ];
  for (const [document, said] of refusals)
    it(`is refused: ${said}`, () => {
      assert.throws(
        () => parse(document),
        (error: Error) => error.message.includes(said) || assert.equal(error.message, said),
      );
    });
});
