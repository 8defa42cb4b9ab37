/** Reads the node affinity that a profile adds to that of its pods. Pure. */

import type { Fields } from '../../api/configuration-fields.ts';
import type { NodeAffinity, NodeSelectorRequirement, NodeSelectorTerm } from '../../api/types/core/v1.ts';

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'] as const;
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';

export function readAddedAffinity(fields: Fields | undefined): NodeAffinity {
  if (fields === undefined) return {};
  fields.allow(required, preferred);
  const selector = fields.record(required)?.allow('nodeSelectorTerms');
  const terms = selector?.list('nodeSelectorTerms').map(readTerm);
  if (selector !== undefined && terms?.length === 0)
    selector.errors.required(selector.pathOf('nodeSelectorTerms'), 'must have at least one node selector term');
  const preferences = fields.list(preferred).map(readPreference);
  return {
    ...(terms !== undefined && { [required]: { nodeSelectorTerms: terms } }),
    ...(preferences.length > 0 && { [preferred]: preferences }),
  };
}

function readPreference(fields: Fields) {
  fields.allow('weight', 'preference');
  const weight = fields.integer('weight', { from: 1, to: 100, detail: 'must be in the range 1-100' });
  if (weight === undefined) fields.errors.required(fields.pathOf('weight'), 'must be in the range 1-100');
  const preference = fields.record('preference');
  if (preference === undefined) fields.errors.required(fields.pathOf('preference'));
  return { weight: weight ?? 1, preference: preference === undefined ? {} : readTerm(preference) };
}

function readTerm(fields: Fields): NodeSelectorTerm {
  fields.allow('matchExpressions', 'matchFields');
  return {
    matchExpressions: fields.list('matchExpressions').map((entry) => readRequirement(entry)),
    matchFields: fields.list('matchFields').map((entry) => {
      const requirement = readRequirement(entry);
      if (requirement.key !== 'metadata.name')
        entry.errors.unsupported(entry.pathOf('key'), requirement.key, ['metadata.name']);
      return requirement;
    }),
  };
}

function readRequirement(fields: Fields): NodeSelectorRequirement {
  fields.allow('key', 'operator', 'values');
  const key = fields.text('key') ?? '';
  if (key === '') fields.errors.required(fields.pathOf('key'));
  const operator = fields.choice('operator', operators);
  if (!fields.has('operator')) fields.errors.required(fields.pathOf('operator'));
  const values = [...fields.texts('values')];
  checkValues(fields, operator ?? 'Exists', values);
  return { key, operator: operator ?? 'Exists', values };
}

function checkValues(fields: Fields, operator: (typeof operators)[number], values: readonly string[]): void {
  const path = fields.pathOf('values');
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) fields.errors.required(path, "must be specified when `operator` is 'In' or 'NotIn'");
      return;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        fields.errors.forbidden(path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      return;
    default:
      if (values.length !== 1)
        fields.errors.required(path, "must be specified single value when `operator` is 'Lt' or 'Gt'");
  }
}
