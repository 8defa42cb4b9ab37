/** PodTemplates: a template by itself. */

import { podTemplates } from '../../../api/resources/core.ts';
import type { PodTemplate } from '../../../api/types/core/v1.ts';
import { FieldPath } from '../../../machinery/field-errors.ts';
import { ageColumn, formatLabels, nameColumn, textColumn } from '../../columns.ts';
import { defineKind } from '../../define-kind.ts';
import { setTemplateDefaults, validatePodTemplate } from '../../workloads/pod-spec/pod-template.ts';
import { podTemplateWarnings } from '../../workloads/pod-spec/pod-warnings.ts';
import { containerColumns } from '../../workloads/workload-columns.ts';

export const podTemplateKind = defineKind(podTemplates, {
  columns: [
    nameColumn,
    ...containerColumns<PodTemplate>(({ template }) => template, 0),
    textColumn('Pod Labels', 'Labels that pods from it get.', ({ template }) =>
      formatLabels(template?.metadata?.labels),
    ),
    ageColumn,
  ],
  strategy: {
    returnDeletedObject: true,
    setDefaults(object) {
      setTemplateDefaults(object);
    },
    generationOf: ({ template }) => ({ template }),
    validate({ template = {} }, errors) {
      validatePodTemplate(template, FieldPath.of('template'), errors);
    },
    warnings: ({ template }) => (template ? podTemplateWarnings(template, 'template.') : []),
  },
});
