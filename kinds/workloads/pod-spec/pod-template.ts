/** Templates of pods, as every workload kind has one: defaults and rules. */

import type { PodTemplateSpec } from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { validateLabels } from '../../validation/label-selector.ts';
import { validateAnnotations } from '../../validation/metadata-validation.ts';
import { setPodSpecDefaults } from './defaults.ts';
import { validatePodAnnotations } from './pod-annotations.ts';
import { validatePodSpec } from './pod-spec.ts';

/** The template of `spec` gets all its defaults, in place; a missing one becomes one without containers. */
export function setTemplateDefaults(spec: { template?: PodTemplateSpec }): void {
  spec.template ??= {};
  const { template } = spec;
  template.metadata ??= {};
  template.spec ??= { containers: [] };
  setPodSpecDefaults(template.spec);
}

export function validatePodTemplate(template: PodTemplateSpec, path: FieldPath, errors: FieldErrors): void {
  const { metadata = {} } = template;
  const spec = template.spec ?? { containers: [] };
  validateLabels(metadata.labels, path.child('labels'), errors);
  validateAnnotations(metadata.annotations, path.child('annotations'), errors);
  validatePodAnnotations(metadata.annotations ?? {}, spec, path.child('annotations'), errors);
  validatePodSpec(spec, { podName: '' }, path.child('spec'), errors);
  if ((spec.ephemeralContainers ?? []).length > 0)
    errors.forbidden(path.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template');
}
