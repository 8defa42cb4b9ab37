/** Pod templates, as every kind that makes pods has one: their defaults and rules. */

import type { PodTemplateSpec } from 'kubernetes-types/core/v1';
import type { FieldErrors, FieldPath } from '../../field-errors.ts';
import { validateLabels } from '../../validation/label-selector.ts';
import { checkQualifiedName } from '../../validation/names.ts';
import { setPodSpecDefaults } from './defaults.ts';

const maxAnnotationBytes = 256 * 1024;

/** Returns the template with all its defaults; a missing one becomes one without containers. */
export function withTemplateDefaults(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const complete = template ?? {};
  complete.metadata ??= {};
  complete.spec ??= { containers: [] };
  setPodSpecDefaults(complete.spec);
  return complete;
}

export function validatePodTemplate(template: PodTemplateSpec, path: FieldPath, errors: FieldErrors): void {
  validateLabels(template.metadata?.labels, path.child('labels'), errors);
  validateAnnotations(template.metadata?.annotations, path.child('annotations'), errors);
}

function validateAnnotations(annotations: Record<string, string> = {}, path: FieldPath, errors: FieldErrors): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    for (const message of checkQualifiedName(key.toLowerCase())) errors.invalid(path, key, message);
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > maxAnnotationBytes) errors.tooLong(path, maxAnnotationBytes);
}
