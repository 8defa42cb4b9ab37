/** Warnings about kinds that make pods from a template: about its pods, and about the names that those get. */

import type { KubernetesObject } from '../../api/object.ts';
import type { PodTemplateSpec } from '../../api/types/core/v1.ts';
import { checkDns1123Label } from '../validation/names.ts';
import { podTemplateWarnings } from './pod-spec/pod-warnings.ts';

/** `path`: where the template stands, e.g. `spec.template.`. An update that changes no wish gives none. */
export function templateWarnings(
  object: KubernetesObject,
  previous: KubernetesObject | undefined,
  template: PodTemplateSpec | undefined,
  path: string,
): string[] {
  if (previous && previous.metadata?.generation === object.metadata?.generation) return [];
  return template ? podTemplateWarnings(template, path) : [];
}

/** The same for kinds whose own names go into those of their pods. */
export function namedTemplateWarnings(...given: Parameters<typeof templateWarnings>): string[] {
  const [object, previous] = given;
  const odd = previous ? [] : checkDns1123Label(object.metadata?.name ?? '');
  const text =
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
  return [...(odd.length > 0 ? [`${text}: [${odd.join(' ')}]`] : []), ...templateWarnings(...given)];
}
