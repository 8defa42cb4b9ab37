/** Templates of pods, as every workload kind has one: defaults and rules. */

import type { PodTemplateSpec } from 'kubernetes-types/core/v1';
import type { FieldErrors, FieldPath } from '../../field-errors.ts';
import { validateAnnotations } from '../../meta/metadata-validation.ts';
import { validateLabels } from '../../validation/label-selector.ts';
import { setPodSpecDefaults } from './defaults.ts';
import type { NewerPodSpec } from './newer-fields.ts';
import { validatePodAnnotations } from './pod-annotations.ts';
import { validatePodSpec } from './pod-spec.ts';

export function setPodTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (template?.spec) setPodSpecDefaults(template.spec as NewerPodSpec);
}

export function validatePodTemplate(template: PodTemplateSpec, path: FieldPath, errors: FieldErrors): void {
  const { metadata = {} } = template;
  const spec = (template.spec ?? { containers: [] }) as NewerPodSpec;
  validateLabels(metadata.labels, path.child('labels'), errors);
  validateAnnotations(metadata.annotations, path.child('annotations'), errors);
  validatePodAnnotations(metadata.annotations ?? {}, spec, path.child('annotations'), errors);
  validatePodSpec(spec, { podName: '' }, path.child('spec'), errors);
  if ((spec.ephemeralContainers ?? []).length > 0)
    errors.forbidden(path.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template');
}
