/**
 * What is wrong with a policy's expressions for the kinds that its rules name: they compile against objects of any kind
 * when the policy is written, and here against what objects of these kinds look like. It refuses nothing: the warnings
 * stand in the policy's status, in upstream's words. Pure.
 */

import { apiVersionOf } from '../../../api/resource.ts';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import {
  admissionEnvironment,
  policyVariablesType,
} from '../../../kinds/admissionregistration/admission-environment.ts';
import type { Kind } from '../../../kinds/kind.ts';
import type { Kinds } from '../../../kinds/kind-registry.ts';
import { compile } from '../../../machinery/cel/compile.ts';
import type { Environment } from '../../../machinery/cel/environment.ts';
import { definitionType } from '../../../machinery/cel/types/definition-type.ts';
import { compileVariables } from '../expressions/composed-variables.ts';

type Policy = DeepReadonly<ValidatingAdmissionPolicy>;

/** Upstream's bound. */
const maxKinds = 10;

export function checkTypes(policy: Policy, kinds: Pick<Kinds, 'find' | 'findByName'>): ExpressionWarning[] {
  const environments = kindsOf(policy, kinds).map((kind) => ({
    kind,
    environment: environmentOf(policy, kind, kinds),
  }));
  return expressionsOf(policy).flatMap(({ fieldRef, expression }) => {
    const problems = environments.flatMap(({ kind, environment }) => {
      const { message } = compile(expression, environment);
      return message === undefined ? [] : [`${apiVersionOf(kind)}, Kind=${kind.kind}: ${message}`];
    });
    return problems.length === 0 ? [] : [{ fieldRef, warning: problems.join('\n') }];
  });
}

function expressionsOf({ spec }: Policy): { readonly fieldRef: string; readonly expression: string }[] {
  return (spec?.validations ?? []).flatMap(({ expression, messageExpression }, i) => [
    { fieldRef: `spec.validations[${i}].expression`, expression },
    ...(messageExpression
      ? [{ fieldRef: `spec.validations[${i}].messageExpression`, expression: messageExpression }]
      : []),
  ]);
}

/** Those that the rules name; a rule for everything names none, and a subresource has objects of its own. */
function kindsOf({ spec }: Policy, kinds: Pick<Kinds, 'find'>): readonly Kind[] {
  const found = new Set<Kind>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec?.matchConstraints?.resourceRules ?? []) {
    const named = [apiGroups, apiVersions].some((names) => names.includes('*')) ? [] : resources;
    for (const plural of named) {
      if (plural.includes('*') || plural.includes('/')) continue;
      for (const group of apiGroups)
        for (const version of apiVersions) {
          const kind = kinds.find({ group, version, plural });
          if (kind !== undefined && found.size < maxKinds) found.add(kind);
        }
    }
  }
  return [...found];
}

function environmentOf({ spec }: Policy, kind: Kind, kinds: Pick<Kinds, 'findByName'>): Environment {
  const object = definitionType(kind.schema);
  const { paramKind, variables = [] } = spec ?? {};
  const params = paramKind && kindNamed(paramKind.apiVersion ?? '', paramKind.kind ?? '', kinds);
  const environment = admissionEnvironment({ hasParams: paramKind !== undefined }).extend({
    ...{ object, oldObject: object },
    ...(params && { params: definitionType(params.schema) }),
  });
  const { types } = compileVariables(variables, environment);
  return environment.extend({ variables: policyVariablesType(types) });
}

function kindNamed(apiVersion: string, kind: string, kinds: Pick<Kinds, 'findByName'>): Kind | undefined {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return kinds.findByName({ group, version, kind });
}
