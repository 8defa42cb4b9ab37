/** Requests and limits of the pod as a whole, and how they relate to those of its containers. */

import { own } from '../../../api/json-record.ts';
import { formatQuantity, readQuantity } from '../../../api/quantity.ts';
import type { PodSpec, ResourceRequirements } from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { isHugePages, validateResources } from './resources.ts';

const podLevel = ['cpu', 'memory'];
const supports = (name: string): boolean => podLevel.includes(name) || isHugePages(name);

export function validatePodResources(
  spec: PodSpec,
  resources: ResourceRequirements,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if ((resources.claims ?? []).length > 0)
    errors.forbidden(path.child('claims'), 'may not be set for Resources at pod-level');
  for (const part of ['limits', 'requests'] as const) {
    for (const name of Object.keys(resources[part] ?? {})) {
      if (!supports(name)) errors.notSupported(path.child(part).key(name), name, [...podLevel, 'hugepages-']);
    }
  }
  const { claims: _, ...amounts } = resources;
  validateResources(amounts, { claims: new Set() }, path, errors);
  validateAgainstContainers(spec, resources, path, errors);
}

/** The containers together ask for no more than the pod has, and none may use more than the pod. */
function validateAgainstContainers(
  spec: PodSpec,
  resources: ResourceRequirements,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const requests = resources.requests ?? {};
  for (const [name, sum] of sumRequests(spec)) {
    const ofPod = own(requests, name);
    if (ofPod === undefined || !supports(name) || sum <= readQuantity(ofPod).nanos) continue;
    const shown = formatQuantity({ nanos: sum, format: readQuantity(ofPod).format });
    errors.invalid(
      path.child('requests').key(name),
      ofPod,
      `must be greater than or equal to aggregate container requests of ${shown}`,
    );
  }
  const limits = resources.limits ?? {};
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
        const ofPod = own(limits, name);
        if (ofPod === undefined || !supports(name) || readQuantity(limit).nanos <= readQuantity(ofPod).nanos) continue;
        errors.invalid(
          // Upstream's path, which leads nowhere: below the resources of the pod.
          path.child(list).index(index).key(name).child('limits'),
          limit,
          `must be less than or equal to pod limits of ${ofPod}`,
        );
      }
    }
  }
}

function sumRequests(spec: PodSpec): Map<string, bigint> {
  const sum = new Map<string, bigint>();
  for (const { resources } of spec.containers) {
    for (const [name, amount] of Object.entries(resources?.requests ?? {}))
      sum.set(name, (sum.get(name) ?? 0n) + readQuantity(amount).nanos);
  }
  return sum;
}
