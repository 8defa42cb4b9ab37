import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../../base/logger.ts';
import { Metrics } from '../../../base/metrics.ts';
import { FakeClock } from '../../../base/testing/fake-clock.ts';
import { compileJsonExpression } from '../../../machinery/cel/json-expression.ts';
import { hastyClock } from '../../../test/support/hasty-clock.ts';
import type { WebhookAnswer } from '../../webhooks/webhook-client.ts';
import type { Action } from '../authorizer.ts';
import type { WebhookSetting } from '../configuration/authorizer-setting.ts';
import { reviewEnvironment } from '../configuration/review-environment.ts';
import { WebhookAuthorizer, type WebhookAuthorizerParts } from './webhook-authorizer.ts';
import { WebhookMetrics } from './webhook-metrics.ts';

const user = { name: 'ann', groups: ['dev'], extra: { scopes: ['a'] } };
const resource: NonNullable<Action['resource']> = {
  ...{ group: 'apps', version: 'v1', plural: 'deployments', subresource: 'scale', namespace: 'a', name: 'x' },
  fields: [{ field: 'metadata.name', value: 'x', isNegated: true }],
  labels: [
    { key: 'a', operator: 'in', values: ['1', '2'] },
    { key: 'b', operator: 'missing', values: [] },
    { key: 'c', operator: 'greater', values: ['3'] },
  ],
};
const action: Action = { user, verb: 'get', path: '/apis', resource };
const plain: Action = { user, verb: 'get', path: '/metrics' };

const setting: WebhookSetting = {
  ...{ timeoutMs: 30_000, authorizedTtlMs: 1_000, unauthorizedTtlMs: 500, failurePolicy: 'NoOpinion' },
  ...{ subjectAccessReviewVersion: 'v1', connection: { type: 'InClusterConfig' }, matchConditions: [] },
};
const conditions = (...texts: string[]) => ({
  matchConditions: texts.map((text) => ({ text, expression: compileJsonExpression(text, reviewEnvironment) })),
});
const answer = (status: unknown, code = 200): WebhookAnswer => ({
  code,
  contentType: '',
  text: JSON.stringify({ status }),
});

function asking(
  answers: () => WebhookAnswer | Promise<WebhookAnswer>,
  { clock = hastyClock(), ...more }: Partial<WebhookSetting & Pick<WebhookAuthorizerParts, 'clock'>> = {},
) {
  const asked: string[] = [];
  const metrics = new Metrics();
  const authorizer = new WebhookAuthorizer({
    name: 'hook',
    setting: { ...setting, ...more },
    client: {
      async post(body) {
        asked.push(body.toString());
        return await answers();
      },
    },
    clock,
    metrics: new WebhookMetrics(metrics),
    logger: silentLogger,
    stopping: new AbortController().signal,
  });
  return { authorizer, asked, metrics };
}

const open = { decision: 'noOpinion', evaluationError: 'the authorization webhook "hook" could not be asked' };
const closed = { decision: 'refuse', reason: 'the authorization webhook "hook" could not be asked' };

describe('a webhook that authorizes', () => {
  it('is asked by a SubjectAccessReview', async () => {
    const { authorizer, asked } = asking(() => answer({ allowed: true }));
    await authorizer.authorize(action);
    await authorizer.authorize(plain);
    const common = { user: 'ann', groups: ['dev'], extra: { scopes: ['a'] } };
    const fieldSelector = { requirements: [{ key: 'metadata.name', operator: 'NotIn', values: ['x'] }] };
    const labelSelector = {
      requirements: [
        { key: 'a', operator: 'In', values: ['1', '2'] },
        { key: 'b', operator: 'DoesNotExist' },
      ],
    };
    const { fields: _, labels: __, plural, ...attributes } = resource;
    assert.deepEqual(
      asked.map((text) => JSON.parse(text)),
      [
        {
          ...common,
          resourceAttributes: { ...attributes, verb: 'get', resource: plural, fieldSelector, labelSelector },
        },
        { ...common, nonResourceAttributes: { verb: 'get', path: '/metrics' } },
      ].map((spec) => ({ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {}, spec })),
    );
  });

  it('is told the groups as v1beta1 has them', async () => {
    const { authorizer, asked } = asking(() => answer({ allowed: true }), { subjectAccessReviewVersion: 'v1beta1' });
    await authorizer.authorize(plain);
    const { apiVersion, spec } = JSON.parse(asked[0] ?? '');
    assert.equal(apiVersion, 'authorization.k8s.io/v1beta1');
    assert.deepEqual([spec.group, spec.groups], [['dev'], undefined]);
  });

  const answers: readonly (readonly [what: string, answer: WebhookAnswer, verdict: unknown, tries: number])[] = [
    ['yes', answer({ allowed: true, reason: 'r' }), { decision: 'allow', reason: 'r' }, 1],
    ['no', answer({ allowed: false, denied: true, reason: 'r' }, 201), { decision: 'refuse', reason: 'r' }, 1],
    ['nothing', answer({ allowed: false, reason: 'r' }), { decision: 'noOpinion', reason: 'r' }, 1],
    ['yes and no', answer({ allowed: true, denied: true }), open, 1],
    ['no status', answer(undefined), open, 1],
    ['a status of another type', answer({ allowed: 'yes' }), open, 1],
    ['nonsense', { code: 200, contentType: '', text: '<html>' }, open, 1],
    ['that it is forbidden', answer({ allowed: true }, 403), open, 1],
    ['elsewhere', answer({ allowed: true }, 302), open, 1],
    ['that there are too many', answer({}, 429), open, 5],
    ['that it failed', answer({ allowed: true }, 500), open, 5],
  ];
  for (const [what, given, verdict, tries] of answers)
    it(`may say ${what}`, async () => {
      const { authorizer, asked } = asking(() => given);
      assert.deepEqual(await authorizer.authorize(plain), verdict);
      assert.equal(asked.length, tries);
    });

  it('is asked again when the connection breaks', async () => {
    let failures = 2;
    const { authorizer, asked } = asking(() => {
      failures -= 1;
      if (failures >= 0) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      return answer({ allowed: true });
    });
    assert.deepEqual(await authorizer.authorize(plain), { decision: 'allow' });
    assert.equal(asked.length, 3);
  });

  it('refuses when it cannot be asked, if the policy says so', async () => {
    const { authorizer } = asking(() => answer(undefined), { failurePolicy: 'Deny' });
    assert.deepEqual(await authorizer.authorize(plain), closed);
  });

  it('is not asked twice while its answer is good', async () => {
    const clock = new FakeClock();
    let isAllowed = true;
    const { authorizer, asked } = asking(() => answer({ allowed: isAllowed }), { clock });
    const after = async (ms: number, tries: number) => {
      await clock.advance(ms);
      await authorizer.authorize(plain);
      assert.equal(asked.length, tries);
    };
    await after(0, 1);
    await after(999, 1);
    isAllowed = false;
    await after(2, 2);
    await after(499, 2);
    await after(2, 3);
  });

  it('is asked once for all who ask the same at the same time', async () => {
    const { authorizer, asked } = asking(() => answer({ allowed: true }));
    const verdicts = await Promise.all([plain, action, plain].map((one) => authorizer.authorize(one)));
    assert.deepEqual(new Set(verdicts.map(({ decision }) => decision)), new Set(['allow']));
    assert.equal(asked.length, 2);
  });

  it('never keeps a question that is long', async () => {
    const { authorizer, asked } = asking(() => answer({ allowed: true }));
    const long = { ...plain, path: '/'.repeat(10_000) };
    for (let times = 0; times < 2; times += 1) await authorizer.authorize(long);
    assert.equal(asked.length, 2);
  });

  const matching: readonly (readonly [conditions: readonly string[], asked: Action, isAsked: boolean])[] = [
    [['has(request.resourceAttributes)'], action, true],
    [['has(request.resourceAttributes)'], plain, false],
    [['request.resourceAttributes.namespace == "a"', 'request.user == "ann"'], action, true],
    [['request.resourceAttributes.namespace == "a"', 'request.user == "ben"'], action, false],
    [['"dev" in request.groups'], plain, true],
    [['!(request.user in ["ann"])'], plain, false],
    // One that is false is enough.
    [['request.resourceAttributes.name == "x"', 'false'], plain, false],
  ];
  for (const [texts, asked, isAsked] of matching)
    it(`is${isAsked ? '' : ' not'} asked where ${texts.join(' and ')}`, async () => {
      const hook = asking(() => answer({ allowed: true }), conditions(...texts));
      const { decision } = await hook.authorizer.authorize(asked);
      assert.deepEqual([decision, hook.asked.length], isAsked ? ['allow', 1] : ['noOpinion', 0]);
    });

  for (const [failurePolicy, verdict] of [
    ['NoOpinion', open],
    ['Deny', closed],
  ] as const)
    it(`says ${failurePolicy} where a condition cannot be evaluated`, async () => {
      const hook = asking(() => answer({ allowed: true }), {
        ...conditions('request.resourceAttributes.name == "x"', 'true'),
        failurePolicy,
      });
      assert.deepEqual(await hook.authorizer.authorize(plain), verdict);
      assert.match(await hook.metrics.text(), /condition_evaluation_errors_total\{type="Webhook",name="hook"\} 1/);
    });
});
