/** The kind CustomResourceDefinition. */

import { nilList } from '../../api/nil-list.ts';
import { customResourceDefinitions } from '../../api/resources/apiextensions.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { formatWarnings, setDefinitionDefaults, storedVersionsAfter, validateDefinition } from './crd-rules.ts';
import { definitionDeletion } from './definition-deletion.ts';

export const customResourceDefinitionKind = defineKind(customResourceDefinitions, {
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  subresources: [statusSubresource],
  strategy: {
    allowUnconditionalUpdate: false,
    ...specAndStatus<CustomResourceDefinition>(),
    compilesExpressions: true,
    twoStepDeletion: definitionDeletion,
    setDefaults: setDefinitionDefaults,
    warnings: (object) => formatWarnings(object),
    prepareForCreate(object) {
      object.status = { acceptedNames: { kind: '', plural: '' }, conditions: nilList, storedVersions: [] };
      object.status.storedVersions = storedVersionsAfter(object);
    },
    prepareForUpdate(next, previous, context) {
      specAndStatus<CustomResourceDefinition>().prepareForUpdate?.(next, previous, context);
      const { status } = next;
      if (!status) return;
      const storedVersions =
        context.subresource === 'status' && status.storedVersions?.length
          ? status.storedVersions
          : storedVersionsAfter(context.subresource === 'status' ? previous : next);
      // The status may be the previous version's own.
      next.status = { ...status, storedVersions };
    },
    canonicalize({ status }) {
      if (status && !status.conditions?.length) status.conditions = nilList;
    },
    validate(object, errors, { isUpdate, subresource }) {
      if (!isUpdate && subresource !== 'status') validateDefinition(object, undefined, errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource === 'status') return;
      validateDefinition(next, previous, errors);
    },
  },
});
