/** The kind ControllerRevision. */

import { parseApiVersion, qualifiedName } from '../../api/resource.ts';
import { controllerRevisions } from '../../api/resources/apps.ts';
import { FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateImmutable } from '../validation/immutable.ts';

export const controllerRevisionKind = defineKind(controllerRevisions, {
  columns: [
    nameColumn,
    textColumn('Controller', 'Whose history it is.', ({ metadata }) => {
      const owner = (metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
      if (owner === undefined) return '<none>';
      const { group } = parseApiVersion(owner.apiVersion) ?? { group: '' };
      return `${qualifiedName(owner.kind.toLowerCase(), group)}/${owner.name}`;
    }),
    { ...numberColumn('Revision', 'Its number.', ({ revision }) => revision), type: 'string' },
    ageColumn,
  ],
  strategy: {
    validate({ revision = 0, data }, errors) {
      if (typeof data !== 'object' && data !== undefined)
        errors.required(FieldPath.of('data'), 'data must be a valid JSON object');
      if (revision < 0) errors.invalid(FieldPath.of('revision'), revision, 'must be greater than or equal to 0');
    },
    validateUpdate: (next, previous, errors) =>
      validateImmutable(next.data, previous.data, FieldPath.of('data'), errors),
  },
});
