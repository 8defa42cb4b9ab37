/**
 * What a review of access asks about, as the authorizers are asked. Of a selector that cannot be read, what can be is
 * taken: with fewer requirements, less is allowed. Pure.
 */

import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  ResourceAttributes,
} from '../../../api/types/authorization/v1.ts';
import type { FieldSelectorRequirement } from '../../../api/types/meta/v1.ts';
import { type LabelRequirement, parseLabelSelector } from '../../../kinds/validation/label-requirements.ts';
import type { Action } from '../../authorization/authorizer.ts';
import { type FieldRequirement, parseFieldRequirements } from '../../request/field-requirements.ts';
import type { User } from '../../request/user.ts';
import type { AccessSpec } from './access-review-checks.ts';

export interface ReviewedAction {
  readonly action: Action;
  /** What of the selectors could not be read, in upstream's words. */
  readonly unread: readonly string[];
}

export function reviewedAction(user: User, { resourceAttributes, nonResourceAttributes }: AccessSpec): ReviewedAction {
  if (resourceAttributes === undefined) {
    const { verb = '', path = '' } = nonResourceAttributes ?? {};
    return { action: { user, verb, path }, unread: [] };
  }
  const { group = '', version = '', resource: plural = '', verb = '' }: ResourceAttributes = resourceAttributes;
  const { subresource, namespace, name, fieldSelector, labelSelector } = resourceAttributes;
  const fields = fieldSelector && readFieldSelector(fieldSelector);
  const labels = labelSelector && readLabelSelector(labelSelector);
  const resource = {
    ...{ group, version, plural, subresource, namespace, name },
    ...(fields && fields.read.length > 0 && { fields: fields.read }),
    ...(labels && labels.read.length > 0 && { labels: labels.read }),
  };
  return {
    action: { user, verb, path: '', resource },
    unread: [...unreadText('fieldSelector', fields), ...unreadText('labelSelector', labels)],
  };
}

interface Selector<T> {
  readonly read: readonly T[];
  /** Whether there is more that could not be read. */
  readonly isPartial: boolean;
}

function unreadText(selector: string, given: Selector<unknown> | undefined): string[] {
  if (given === undefined || !given.isPartial) return [];
  const part = given.read.length > 0 ? 'partially ignored' : 'ignored';
  return [`spec.resourceAttributes.${selector} ${part} due to parse error`];
}

function readFieldSelector({
  rawSelector = '',
  requirements = [],
}: FieldSelectorAttributes): Selector<FieldRequirement> {
  if (rawSelector !== '') return readText(() => parseFieldRequirements(rawSelector));
  const read = requirements.flatMap(asFieldRequirement);
  return { read, isPartial: read.length < requirements.length };
}

function asFieldRequirement({ key: field, operator, values = [] }: FieldSelectorRequirement): FieldRequirement[] {
  const [value, ...others] = values;
  if (value === undefined || others.length > 0 || !['In', 'NotIn'].includes(operator)) return [];
  return [{ field, value, isNegated: operator === 'NotIn' }];
}

const labelOperators: ReadonlyMap<string, LabelRequirement['operator']> = new Map([
  ['In', 'in'],
  ['NotIn', 'notIn'],
  ['Exists', 'exists'],
  ['DoesNotExist', 'missing'],
]);

function readLabelSelector({
  rawSelector = '',
  requirements = [],
}: LabelSelectorAttributes): Selector<LabelRequirement> {
  if (rawSelector !== '') return readText(() => parseLabelSelector(rawSelector));
  const read = requirements.flatMap(({ key, operator, values = [] }): LabelRequirement[] => {
    const known = labelOperators.get(operator);
    return known === undefined ? [] : [{ key, operator: known, values }];
  });
  return { read, isPartial: read.length < requirements.length };
}

function readText<T>(read: () => readonly T[]): Selector<T> {
  try {
    return { read: read(), isPartial: false };
  } catch {
    return { read: [], isPartial: true };
  }
}
