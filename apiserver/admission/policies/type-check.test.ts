import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ParamKind, Validation, Variable } from '../../../api/types/admissionregistration/v1.ts';
import { KindRegistry } from '../../../kinds/kind-registry.ts';
import { kinds } from '../../../kinds/kind-table.ts';
import { checkTypes } from './type-check.ts';

const registry = new KindRegistry(kinds);
const rule = (resources: string[], apiGroups = ['apps'], apiVersions = ['v1']) => ({
  ...{ apiGroups, apiVersions, resources },
  operations: ['CREATE'],
});
const warningsOf = (
  validations: Validation[],
  {
    rules = [rule(['deployments'])],
    variables = [],
    paramKind,
  }: {
    rules?: ReturnType<typeof rule>[];
    variables?: Variable[];
    paramKind?: ParamKind;
  } = {},
) =>
  checkTypes(
    { spec: { validations, variables, matchConstraints: { resourceRules: rules }, ...(paramKind && { paramKind }) } },
    registry,
  );

describe('what a policy’s expressions say of the kinds that it names', () => {
  it('is nothing where they fit', () => {
    assert.deepEqual(warningsOf([{ expression: 'object.spec.replicas > 1 && request.operation == "CREATE"' }]), []);
  });

  it('is told with the place', () => {
    assert.deepEqual(warningsOf([{ expression: 'object.replicas > 1' }]), [
      {
        fieldRef: 'spec.validations[0].expression',
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^",
      },
    ]);
  });

  it('is told for each kind, and of messages too', () => {
    const rules = [rule(['deployments', 'replicasets', 'deployments/scale', '*'])];
    const [first, second] = warningsOf([{ expression: 'object.a == 1', messageExpression: 'object.b' }], { rules });
    assert.deepEqual(first?.warning.match(/Kind=\w+/g), ['Kind=Deployment', 'Kind=ReplicaSet']);
    assert.equal(second?.fieldRef, 'spec.validations[0].messageExpression');
  });

  it('goes by the types of variables and parameters', () => {
    const variables = [{ name: 'count', expression: 'object.spec.replicas' }];
    const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
    const validations = [{ expression: 'variables.count == "one"' }, { expression: 'params.datum == null' }];
    const warnings = warningsOf(validations, { variables, paramKind });
    assert.match(warnings[0]?.warning ?? '', /no matching overload for '_==_' applied to '\(int, string\)'/);
    assert.match(warnings[1]?.warning ?? '', /undefined field 'datum'/);
  });

  it('is nothing for rules that name no kind', () => {
    const validations = [{ expression: 'object.replicas > 1' }];
    for (const rules of [
      [rule(['*'])],
      [rule(['deployments'], ['*'])],
      [rule(['deployments'], ['apps'], ['*'])],
      [rule(['nothings'])],
    ])
      assert.deepEqual(warningsOf(validations, { rules }), []);
  });
});
