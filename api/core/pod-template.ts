/** PodTemplates: a template by itself. */

import type { PodTemplate } from 'kubernetes-types/core/v1';
import { containerColumns } from '../apps/workload-columns.ts';
import { ageColumn, formatLabels, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { FieldPath } from '../field-errors.ts';
import { validatePodTemplate, withTemplateDefaults } from './pod-spec/pod-template.ts';
import { podTemplateWarnings } from './pod-spec/pod-warnings.ts';

export const podTemplates = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  columns: [
    nameColumn,
    ...containerColumns<PodTemplate>(({ template }) => template, 0),
    textColumn('Pod Labels', 'Labels that pods from it get.', ({ template }) =>
      formatLabels(template?.metadata?.labels),
    ),
    ageColumn,
  ],
  strategy: {
    answersDeletedObject: true,
    setDefaults(object) {
      object.template = withTemplateDefaults(object.template);
    },
    generationOf: ({ template }) => ({ template }),
    validate({ template = {} }, errors) {
      validatePodTemplate(template, FieldPath.of('template'), errors);
    },
    warnings: ({ template }) => (template ? podTemplateWarnings(template, 'template.') : []),
  },
});
