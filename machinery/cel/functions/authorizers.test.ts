import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget, CostLimitError, perCallLimit } from '../budget.ts';
import { compile } from '../compile.ts';
import { makeEnvironment } from '../make-environment.ts';
import { opaqueType } from '../types/cel-type.ts';
import { type AuthorizationAnswer, type AuthorizationQuestion, runAuthorized } from './authorizers.ts';

const environment = makeEnvironment({
  variables: {
    authorizer: opaqueType('kubernetes.authorization.Authorizer'),
    'authorizer.requestResource': opaqueType('kubernetes.authorization.ResourceCheck'),
  },
  libraries: ['authorizer'],
});

/** The value, what was asked, and what it has cost. */
async function ask(expression: string, answer: AuthorizationAnswer = { verdict: 'allowed', reason: 'because' }) {
  const { program, message } = compile(expression, environment);
  assert.ok(program, message);
  const budget = new Budget(perCallLimit);
  const asked: AuthorizationQuestion[] = [];
  const value = await runAuthorized(
    ({ authorizer, requestResource }) =>
      program.evaluate({ authorizer, 'authorizer.requestResource': requestResource }, budget),
    { group: 'apps', resource: 'deployments', namespace: 'ns', name: 'd', subresource: '' },
    async (question) => {
      asked.push(question);
      return answer;
    },
  );
  return { value, asked, spent: budget.spent };
}

describe('an authorizer in an expression', () => {
  const table: readonly (readonly [expression: string, question: AuthorizationQuestion])[] = [
    ["authorizer.path('/healthz').check('get').allowed()", { path: '/healthz', verb: 'get' }],
    [
      "authorizer.group('').resource('pods').subresource('log').namespace('a').name('p').check('get').allowed()",
      { group: '', resource: 'pods', subresource: 'log', namespace: 'a', name: 'p', verb: 'get' },
    ],
    [
      "authorizer.serviceAccount('a', 'b').group('').resource('pods').check('list').allowed()",
      { serviceAccount: { namespace: 'a', name: 'b' }, group: '', resource: 'pods', verb: 'list' },
    ],
    [
      "authorizer.requestResource.check('update').allowed()",
      { group: 'apps', resource: 'deployments', namespace: 'ns', name: 'd', subresource: '', verb: 'update' },
    ],
  ];
  for (const [expression, question] of table)
    it(expression, async () => {
      const { value, asked } = await ask(expression);
      assert.deepEqual([value, asked], [true, [question]]);
    });

  it('says why', async () => {
    const said = "authorizer.path('/').check('get')";
    assert.equal((await ask(`${said}.reason()`)).value, 'because');
    const failed: AuthorizationAnswer = { verdict: 'no opinion', reason: '', error: 'down' };
    assert.equal((await ask(`${said}.errored() ? ${said}.error() : 'no'`, failed)).value, 'down');
  });

  it('is asked once for each question, and paid once for each check', async () => {
    const twice = "authorizer.path('/').check('get').allowed() && authorizer.path('/').check('get').allowed()";
    const { asked, spent } = await ask(twice);
    assert.equal(asked.length, 1);
    assert.ok(spent > 700_000 && spent < 701_000, String(spent));
  });

  it('is asked twice at most', async () => {
    const checks = ['a', 'b', 'c'].map((path) => `authorizer.path('/${path}').check('get').allowed()`);
    await assert.rejects(ask(checks.join(' && ')), CostLimitError);
  });
});
