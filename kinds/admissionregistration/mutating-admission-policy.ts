/** The kind MutatingAdmissionPolicy. */

import type { KubernetesObject } from '../../api/object.ts';
import { mutatingAdmissionPolicies } from '../../api/resources/admissionregistration.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { type PolicySpec, setPolicyDefaults, validatePolicyMatch } from './policy.ts';
import { policyExpressions, validateExpression, validateVariables } from './policy-expressions.ts';
import { reinvocationPolicies } from './webhooks.ts';

interface Mutation {
  patchType?: string;
  applyConfiguration?: { expression?: string };
  jsonPatch?: { expression?: string };
}

export interface MutatingAdmissionPolicy extends KubernetesObject {
  spec?: PolicySpec & { reinvocationPolicy?: string; mutations?: Mutation[] };
}

const patchFields = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const;
const outputTypes = { ApplyConfiguration: ['Object'], JSONPatch: ['list(JSONPatch)'] };

export const mutatingAdmissionPolicyKind = defineKind(mutatingAdmissionPolicies, {
  categories: ['api-extensions'],
  columns: [
    nameColumn,
    numberColumn('Mutations', 'How many it has.', ({ spec }) => spec?.mutations?.length ?? 0),
    textColumn('ParamKind', 'What it is configured with.', ({ spec }) => {
      const { apiVersion = '', kind = '' } = spec?.paramKind ?? {};
      return spec?.paramKind ? `${apiVersion}/${kind}` : '<unset>';
    }),
    ageColumn,
  ],
  strategy: {
    compilesExpressions: true,
    setDefaults: ({ spec }) => setPolicyDefaults(spec),
    generationOf: ({ spec }) => ({ spec }),
    allowUnconditionalUpdate: false,
    validate: validateMutatingPolicy,
  },
});

function validateMutatingPolicy({ spec = {} }: MutatingAdmissionPolicy, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  const { variables = [], mutations = [], reinvocationPolicy = '' } = spec;
  const expressions = policyExpressions(spec, new Set(), true);
  validatePolicyMatch(spec, path, errors, expressions);
  validateVariables(variables, path.child('variables'), errors, expressions);
  if (mutations.length === 0) {
    errors.required(path.child('mutations'), 'mutations must contain at least one item');
  }
  for (const [i, { patchType = '', ...patches }] of mutations.entries()) {
    const at = path.child('mutations').index(i);
    if (patchType === '') errors.required(at.child('patchType'));
    else if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch') {
      errors.notSupported(at.child('patchType'), patchType, Object.keys(patchFields));
    } else {
      const field = patchFields[patchType];
      const { expression = '' } = patches[field] ?? {};
      const place = at.child(field);
      if (!patches[field]) errors.required(place, `must be specified when patchType is ${patchType}`);
      else if (expression.trim() === '') errors.required(place.child('expression'), 'expression is not specified');
      else validateExpression(expression, outputTypes[patchType], place.child('expression'), errors, expressions);
    }
  }
  if (reinvocationPolicy === '') errors.required(path.child('reinvocationPolicy'));
  else if (!reinvocationPolicies.includes(reinvocationPolicy)) {
    errors.notSupported(path.child('reinvocationPolicy'), reinvocationPolicy, reinvocationPolicies);
  }
}
