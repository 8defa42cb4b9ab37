/** An action as a SubjectAccessReview asks about it, and what the answer to one says. Pure. */

import { isRecord } from '../../../api/json-record.ts';
import type { SubjectAccessReviewSpec } from '../../../api/types/authorization/v1.ts';
import type { LabelRequirement } from '../../../kinds/validation/label-requirements.ts';
import type { FieldRequirement } from '../../request/field-requirements.ts';
import type { Action, Verdict } from '../authorizer.ts';

export function accessReviewSpec({ user, verb, path, resource }: Action): SubjectAccessReviewSpec {
  return {
    user: user.name,
    ...(user.uid !== undefined && { uid: user.uid }),
    groups: [...user.groups],
    ...(user.extra !== undefined && { extra: mutableExtra(user.extra) }),
    ...(resource === undefined
      ? { nonResourceAttributes: { path, verb } }
      : { resourceAttributes: resourceAttributes(verb, resource) }),
  };
}

const mutableExtra = (extra: NonNullable<Action['user']['extra']>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));

function resourceAttributes(verb: string, resource: NonNullable<Action['resource']>) {
  const { group, version, plural, subresource, namespace, name, fields = [], labels = [] } = resource;
  const byLabels = labels.flatMap(asLabelRequirement);
  return {
    ...(namespace && { namespace }),
    verb,
    ...(group && { group }),
    ...(version && { version }),
    resource: plural,
    ...(subresource && { subresource }),
    ...(name && { name }),
    ...(fields.length > 0 && { fieldSelector: { requirements: fields.map(asRequirement) } }),
    ...(byLabels.length > 0 && { labelSelector: { requirements: byLabels } }),
  };
}

const asRequirement = ({ field: key, value, isNegated }: FieldRequirement) => ({
  key,
  operator: isNegated ? 'NotIn' : 'In',
  values: [value],
});

const labelOperators = { in: 'In', notIn: 'NotIn', exists: 'Exists', missing: 'DoesNotExist' } as const;

/** Reviews have no words for `>` and `<`. */
function asLabelRequirement({ key, operator, values }: LabelRequirement) {
  if (operator === 'greater' || operator === 'less') return [];
  return [{ key, operator: labelOperators[operator], ...(values.length > 0 && { values: [...values] }) }];
}

/** What conditions see as `request`: what is not said of a resource is empty there. */
export function conditionVariables(spec: SubjectAccessReviewSpec): Readonly<Record<string, unknown>> {
  const { resourceAttributes, user = '', uid = '', groups = [], extra = {} } = spec;
  const none = { namespace: '', verb: '', group: '', version: '', resource: '', subresource: '', name: '' };
  return {
    request: {
      ...{ ...spec, user, uid, groups, extra },
      ...(resourceAttributes && { resourceAttributes: { ...none, ...resourceAttributes } }),
    },
  };
}

/** Of the body of an answer. Throws an Error when it is no answer to the question. */
export function verdictOfAnswer(text: string): Verdict {
  const review = parse(text);
  const status = isRecord(review) ? review.status : undefined;
  if (!isRecord(status) || typeof status.allowed !== 'boolean') throw new Error('the answer has no status.allowed');
  const { allowed, denied, reason: said } = status;
  if (allowed && denied === true) throw new Error('the answer says both allowed and denied');
  const reason = typeof said === 'string' && said !== '' ? { reason: said.slice(0, maxReasonCharacters) } : {};
  if (allowed) return { decision: 'allow', ...reason };
  return { decision: denied === true ? 'refuse' : 'noOpinion', ...reason };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its message would show what was answered.
    throw new Error('the answer is not JSON');
  }
}

/** It stands in answers and in the audit log. */
const maxReasonCharacters = 4096;
