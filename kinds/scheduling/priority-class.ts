/** The kind PriorityClass. */

import { own } from '../../api/json-record.ts';
import { priorityClasses } from '../../api/resources/scheduling.ts';
import type { PriorityClass } from '../../api/types/scheduling/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, booleanColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateImmutable } from '../validation/immutable.ts';

export const priorityClassKind = defineKind(priorityClasses, {
  shortNames: ['pc'],
  columns: [
    nameColumn,
    numberColumn('Value', 'The priority of pods of this class.', ({ value = 0 }) => value),
    booleanColumn(
      'Global-Default',
      'Whether pods without a class get this one.',
      ({ globalDefault = false }) => globalDefault,
    ),
    ageColumn,
    textColumn(
      'PreemptionPolicy',
      'Whether its pods may take the place of others.',
      ({ preemptionPolicy = '' }) => preemptionPolicy,
    ),
  ],
  strategy: {
    setDefaults(object) {
      object.preemptionPolicy ??= 'PreemptLowerPriority';
    },
    generationOf: () => ({}),
    validate: validatePriorityClass,
    validateUpdate(next, previous, errors) {
      if (next.value !== previous.value) errors.forbidden(FieldPath.of('value'), 'may not be changed in an update.');
      validateImmutable(next.preemptionPolicy, previous.preemptionPolicy, FieldPath.of('preemptionPolicy'), errors);
    },
  },
});

const highestUserPriority = 1_000_000_000;
const policies = ['PreemptLowerPriority', 'Never'];

/** The classes that a new cluster contains; no others may have the prefix. */
const systemPriorities: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

function validatePriorityClass(object: PriorityClass, errors: FieldErrors): void {
  const { name = '' } = object.metadata ?? {};
  if (name.startsWith('system-')) {
    if (own(systemPriorities, name) !== object.value) {
      const why = "priority class names with 'system-' prefix are reserved for system use only. error: ";
      const detail = Object.hasOwn(systemPriorities, name)
        ? `value of ${name} PriorityClass must be ${systemPriorities[name]}`
        : `${name} is not a known system priority class`;
      errors.forbidden(FieldPath.of('metadata', 'name'), why + detail);
    }
  } else if ((object.value ?? 0) > highestUserPriority) {
    errors.forbidden(
      FieldPath.of('value'),
      `maximum allowed value of a user defined priority is ${highestUserPriority}`,
    );
  }
  const { preemptionPolicy = '' } = object;
  if (preemptionPolicy === '') errors.required(FieldPath.of('preemptionPolicy'));
  else if (!policies.includes(preemptionPolicy))
    errors.notSupported(FieldPath.of('preemptionPolicy'), preemptionPolicy, policies);
}
