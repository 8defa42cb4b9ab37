/** The kind PriorityClass. */

import { priorityClasses } from '../../api/resources/scheduling.ts';
import type { PriorityClass } from '../../api/types/scheduling/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, booleanColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { systemPriorityClasses } from './system-priority-classes.ts';

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

function validatePriorityClass(object: PriorityClass, errors: FieldErrors): void {
  const { name = '' } = object.metadata ?? {};
  if (name.startsWith('system-')) {
    const known = systemPriorityClasses.find((one) => one.name === name);
    if (known?.value !== object.value) {
      const why = "priority class names with 'system-' prefix are reserved for system use only. error: ";
      const detail =
        known === undefined
          ? `${name} is not a known system priority class`
          : `value of ${name} PriorityClass must be ${known.value}`;
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
