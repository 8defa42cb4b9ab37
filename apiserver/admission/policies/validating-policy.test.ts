import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ValidatingAdmissionPolicySpec } from '../../../api/types/admissionregistration/v1.ts';
import { compileValidatingPolicy, evaluateValidatingPolicy } from './validating-policy.ts';

const values = {
  object: { data: { a: '1' } },
  oldObject: null,
  namespaceObject: null,
  request: { operation: 'CREATE' },
};

async function verdictOf(spec: Partial<ValidatingAdmissionPolicySpec>, params: unknown = null) {
  const policy = compileValidatingPolicy({ metadata: { name: 'p' }, spec });
  return await evaluateValidatingPolicy(policy, { ...values, params });
}

describe('a validating policy', () => {
  const messages: readonly (readonly [message: string, spec: Partial<ValidatingAdmissionPolicySpec>])[] = [
    ['failed expression: 1 == 2', { validations: [{ expression: ' 1 == 2 ' }] }],
    ['said', { validations: [{ expression: 'false', message: ' said ' }] }],
    ['a is 1', { validations: [{ expression: 'false', messageExpression: "'a is ' + object.data.a" }] }],
    ['said', { validations: [{ expression: 'false', message: 'said', messageExpression: 'object.data.b' }] }],
    ['said', { validations: [{ expression: 'false', message: 'said', messageExpression: "'two\\nlines'" }] }],
    ['said', { validations: [{ expression: 'false', message: 'said', messageExpression: "'  '" }] }],
    [
      "expression 'object.data.b == '1'' resulted in error: no such key: b",
      { validations: [{ expression: "object.data.b == '1'" }] },
    ],
    [
      'expression \'variables.v\' resulted in error: composited variable "v" fails to evaluate: no such key: b',
      { variables: [{ name: 'v', expression: "object.data.b == '1'" }], validations: [{ expression: 'variables.v' }] },
    ],
    [
      "expression 'object.data.b == '1'' resulted in error: no such key: b",
      { matchConditions: [{ name: 'c', expression: "object.data.b == '1'" }], validations: [{ expression: 'true' }] },
    ],
  ];
  for (const [message, spec] of messages)
    it(`denies: ${message}`, async () => {
      const { denials } = await verdictOf(spec);
      assert.deepEqual(
        denials.map((one) => one.message),
        [message],
      );
    });

  it('says nothing where a condition is false, though another fails', async () => {
    const matchConditions = [
      { name: 'fails', expression: "object.data.b == '1'" },
      { name: 'false', expression: 'false' },
    ];
    const { denials, conditions } = await verdictOf({ matchConditions, validations: [{ expression: 'false' }] });
    assert.deepEqual([denials, conditions.type], [[], 'unmet']);
  });

  it('ignores what fails when it says so, and denies what is false', async () => {
    const validations = [{ expression: "object.data.b == '1'" }, { expression: 'false', message: 'no' }];
    const { denials } = await verdictOf({ failurePolicy: 'Ignore', validations });
    assert.deepEqual(denials, [{ index: 1, message: 'no', reason: 'Invalid', isError: false }]);
  });

  it('notes texts for the audit event, and nothing where there are none', async () => {
    const auditAnnotations = [
      { key: 'text', valueExpression: "' a ' + object.data.a" },
      { key: 'null', valueExpression: 'null' },
      { key: 'fails', valueExpression: 'object.data.b' },
    ];
    const verdict = await verdictOf({ auditAnnotations });
    assert.deepEqual(verdict.auditAnnotations, [['text', 'a 1']]);
    assert.deepEqual(verdict.annotationErrors, ["expression 'object.data.b' resulted in error: no such key: b"]);
  });

  it('sees its parameter', async () => {
    const spec = {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [{ expression: 'params == null' }],
    };
    assert.equal((await verdictOf(spec)).denials.length, 0);
    assert.equal((await verdictOf(spec, { data: {} })).denials.length, 1);
  });
});
