/** What a LIST or WATCH selects, as the cache wants to hear it: exact matches by index, the rest by asking. */

import { badRequest } from '../../api/status-error.ts';
import type { Kind } from '../../kinds/kind.ts';
import {
  compileRequirements,
  type LabelRequirement,
  parseLabelSelector,
} from '../../kinds/validation/label-requirements.ts';
import type { Target } from '../registry/target.ts';
import type { FieldRequirement } from '../request/field-requirements.ts';
import type { ListOptions } from '../request/list-options.ts';
import { wireObject } from '../responses/object-answers.ts';
import type { CachedObject, Interest } from '../store/resource-cache.ts';
import { parseFieldSelector } from './selectors/field-selector-text.ts';

/** Throws BadRequest for selectors that cannot be read. */
export function interestOf(target: Target, options: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>): Interest {
  const { kind } = target;
  const labels = options.labelSelector === '' ? [] : parseLabelSelector(options.labelSelector);
  const fields = options.fieldSelector === '' ? [] : parseFieldSelector(options.fieldSelector, kind);
  const exact = new Map<string, string>();
  const others: FieldRequirement[] = [];
  if (target.name !== '') {
    checkSameName(target.name, fields);
    exact.set('metadata.name', target.name);
  }
  if (target.namespace) exact.set('metadata.namespace', target.namespace);
  for (const requirement of fields) {
    const { field, value, isNegated } = requirement;
    // The fields of a second version are its own, not those of what is stored.
    const isIndexed = field === 'metadata.namespace' ? kind.namespaced : !kind.storedAs || field === 'metadata.name';
    if (!isNegated && value !== '' && isIndexed && !exact.has(field)) exact.set(field, value);
    else others.push(requirement);
  }
  const { 'metadata.name': name, 'metadata.namespace': namespace, ...exactFields } = Object.fromEntries(exact);
  return {
    namespace,
    name,
    ...(Object.keys(exactFields).length > 0 && { fields: exactFields }),
    ...((labels.length > 0 || others.length > 0) && { matches: matcher(kind, labels, others) }),
  };
}

/** A selector beside a name says that name, or nothing. */
function checkSameName(name: string, fields: readonly FieldRequirement[]): void {
  const isNamed = fields.some(
    ({ field, isNegated, value }) => field === 'metadata.name' && !isNegated && value === name,
  );
  if (fields.length > 0 && !isNamed) throw badRequest("fieldSelector metadata.name doesn't match requested name");
}

function matcher(
  kind: Kind,
  labels: readonly LabelRequirement[],
  fields: readonly FieldRequirement[],
): (candidate: CachedObject) => boolean {
  const hasLabels = compileRequirements(labels);
  const wanted = fields.filter(({ isNegated }) => !isNegated);
  const refused = fields.filter(({ isNegated }) => isNegated);
  const unwanted = [...new Set(refused.map(({ field }) => field))].map(
    (name) => [name, new Set(refused.filter(({ field }) => field === name).map(({ value }) => value))] as const,
  );
  return (candidate) =>
    hasLabels(candidate.labels) &&
    wanted.every(({ field, value }) => fieldValue(kind, candidate, field) === value) &&
    unwanted.every(([field, values]) => !values.has(fieldValue(kind, candidate, field)));
}

function fieldValue(kind: Kind, candidate: CachedObject, field: string): string {
  if (field === 'metadata.name') return candidate.name;
  if (field === 'metadata.namespace') return candidate.namespace;
  if (!kind.storedAs) return candidate.fields[field] ?? '';
  const object = wireObject(kind, candidate);
  return kind.selectableFields.find(({ name }) => name === field)?.value(object) ?? '';
}
