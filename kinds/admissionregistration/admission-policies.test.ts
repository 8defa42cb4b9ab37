/** What admission policies and their bindings are refused for: fields and messages, in order. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { FieldErrors } from '../../machinery/field-errors.ts';
import type { Kind } from '../kind.ts';
import { mutatingAdmissionPolicyKind } from './mutating-admission-policy.ts';
import { validatingAdmissionPolicyKind } from './validating-admission-policy.ts';
import { validatingAdmissionPolicyBindingKind } from './validating-admission-policy-binding.ts';

type Fields = Record<string, unknown>;

const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };
const matchConstraints = { resourceRules: [rule] };
const refusals: [string, Fields, string[]][] = [
  ['a sound one', {}, []],
  ['no constraints', { matchConstraints: undefined }, ['spec.matchConstraints: Required value']],
  ['no rules', { matchConstraints: {} }, ['spec.matchConstraints.resourceRules: Required value']],
  [
    'rules that say too much',
    { matchConstraints: { resourceRules: [{ ...rule, operations: ['BOGUS'], resources: ['*/*', 'pods'] }] } },
    [
      'spec.matchConstraints.resourceRules[0].operations[0]: Unsupported value: "BOGUS": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
      `spec.matchConstraints.resourceRules[0].resources: Invalid value: ["*/*","pods"]: if '*/*' is present, must not specify other resources`,
    ],
  ],
  [
    'a name twice in a rule',
    { matchConstraints: { resourceRules: [{ ...rule, resourceNames: ['a', 'a'] }] } },
    ['spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"'],
  ],
  [
    'another failure policy',
    { failurePolicy: 'Maybe' },
    ['spec.failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"'],
  ],
  ['parameters without a version', { paramKind: { kind: 'A' } }, ['spec.paramKind.apiVersion: Required value']],
  [
    'parameters of no version',
    { paramKind: { apiVersion: 'a/b/c', kind: 'A' } },
    ['spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
  ],
  [
    'a variable that cannot be named',
    { variables: [{ name: 'bad name', expression: '1' }] },
    ['spec.variables[0].name: Invalid value: "bad name": must be a valid CEL identifier'],
  ],
  [
    'match conditions',
    {
      matchConditions: [
        { name: 'a', expression: '1' },
        { name: 'a', expression: 'true' },
      ],
    },
    [
      'spec.matchConditions[0].expression: Invalid value: "1": must evaluate to bool but got int',
      'spec.matchConditions[1].name: Duplicate value: "a"',
    ],
  ],
  [
    'parameters that it does not have',
    { validations: [{ expression: 'params.x == 1' }] },
    [
      `spec.validations[0].expression: Invalid value: "params.x == 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x == 1\n | ^`,
    ],
  ],
  [
    'what it says',
    { validations: [{ expression: ' ', message: 'a\nb', messageExpression: ' ', reason: 'Why' }] },
    [
      'spec.validations[0].expression: Required value: expression is not specified',
      'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
      'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
      'spec.validations[0].reason: Unsupported value: "Why": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    ],
  ],
  [
    'nothing to do',
    { validations: [] },
    [
      'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
      'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
    ],
  ],
  [
    'annotations',
    {
      auditAnnotations: [
        { key: 'a', valueExpression: '1' },
        { key: 'a', valueExpression: '' },
      ],
    },
    [
      'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
      'spec.auditAnnotations[1].valueExpression: Required value: valueExpression is not specified',
      'spec.auditAnnotations[1].key: Duplicate value: "a"',
    ],
  ],
];

for (const [what, fields, wanted] of refusals) {
  it(`ValidatingAdmissionPolicy: ${what}`, () => {
    const spec = {
      matchConstraints: structuredClone(matchConstraints),
      validations: [{ expression: 'true' }],
      ...fields,
    };
    assert.deepEqual(refusalsOf(validatingAdmissionPolicyKind, spec), wanted);
  });
}

const bindings: [string, Fields, string[]][] = [
  ['a sound one', {}, []],
  ['no policy', { policyName: '' }, ['spec.policyName: Required value']],
  [
    'parameters by nothing',
    { paramRef: {} },
    [
      'spec.paramRef: Required value: one of name or selector must be specified',
      'spec.paramRef.parameterNotFoundAction: Required value',
    ],
  ],
  [
    'parameters by both',
    { paramRef: { name: 'a', selector: {}, parameterNotFoundAction: 'Warn' } },
    [
      'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.parameterNotFoundAction: Unsupported value: "Warn": supported values: "Deny", "Allow"',
    ],
  ],
  [
    'no action',
    { validationActions: [] },
    ['spec.validationActions: Required value: at least one validation action is required'],
  ],
  [
    'actions',
    { validationActions: ['Deny', 'Deny', 'Shout'] },
    [
      'spec.validationActions[1]: Duplicate value: "Deny"',
      'spec.validationActions[2]: Unsupported value: "Shout": supported values: "Audit", "Deny", "Warn"',
    ],
  ],
  [
    'actions that say the same',
    { validationActions: ['Deny', 'Warn'] },
    [
      'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ],
  ],
];

for (const [what, fields, wanted] of bindings) {
  it(`ValidatingAdmissionPolicyBinding: ${what}`, () => {
    const spec = { policyName: 'a', validationActions: ['Deny'], ...fields };
    assert.deepEqual(refusalsOf(validatingAdmissionPolicyBindingKind, spec), wanted);
  });
}

it('MutatingAdmissionPolicy: mutations and when they run again', () => {
  assert.deepEqual(refusalsOf(mutatingAdmissionPolicyKind, { matchConstraints, mutations: [] }), [
    'spec.mutations: Required value: mutations must contain at least one item',
    'spec.reinvocationPolicy: Required value',
  ]);
  const applyConfiguration = { expression: 'Object{spec: Object.spec{replicas: 100}}' };
  const mutations = [{ patchType: 'ApplyConfiguration', applyConfiguration }];
  const sound = { matchConstraints, reinvocationPolicy: 'Never', mutations };
  assert.deepEqual(refusalsOf(mutatingAdmissionPolicyKind, sound), []);
});

it('fills in what a policy looks at', () => {
  const object = {
    spec: { matchConstraints: structuredClone(matchConstraints), validations: [{ expression: 'true' }] },
  };
  validatingAdmissionPolicyKind.strategy.setDefaults?.(object);
  assert.deepEqual(object.spec, {
    failurePolicy: 'Fail',
    matchConstraints: {
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      resourceRules: [{ ...rule, scope: '*' }],
    },
    validations: [{ expression: 'true' }],
  });
});

function refusalsOf<T extends KubernetesObject>({ strategy }: Kind<T>, spec: unknown): string[] {
  const object = { metadata: { name: 'a' }, spec } as unknown as T;
  const errors = new FieldErrors();
  strategy.setDefaults?.(object);
  strategy.validate?.(object, errors, {});
  return errors.list.map(({ field, message }) => `${field}: ${message}`);
}
