/** Resizing a pod in place: CPU and memory of its containers and of the whole pod, and nothing else. */

import type { Stored } from '../../../api/object.ts';
import { computeQualityClass } from '../../../api/pod-quality.ts';
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { isSameSpec } from './pod-update.ts';

const specPath = FieldPath.of('spec');
const lists = ['containers', 'initContainers'] as const;

/** The stored spec with the resources of the new one. Other changes are dropped in silence, as upstream does. */
export function keepAllButResources(next: Pod, previous: Stored<Pod>): void {
  const { spec } = next;
  const before = structuredClone(previous.spec);
  if (!spec || !before) return;
  if (!lists.every((list) => (spec[list] ?? []).length === (before[list] ?? []).length)) {
    next.spec = {
      ...before,
      containers: spec.containers,
      ...(spec.initContainers && { initContainers: spec.initContainers }),
    };
    return;
  }
  for (const list of lists) {
    for (const container of before[list] ?? []) {
      const wanted = spec[list]?.find(({ name }) => name === container.name);
      if (!wanted) continue;
      if (wanted.resources) container.resources = wanted.resources;
      else delete container.resources;
      if (wanted.resizePolicy) container.resizePolicy = wanted.resizePolicy;
      else delete container.resizePolicy;
    }
  }
  if (spec.resources) before.resources = spec.resources;
  else delete before.resources;
  next.spec = before;
}

export function validatePodResize(next: Pod, previous: Pod, errors: FieldErrors): void {
  const [spec, before] = [next.spec, previous.spec];
  if (!spec || !before) return;
  if (before.os?.name === 'windows') {
    errors.forbidden(FieldPath.root.key(''), 'windows pods cannot be resized');
    return;
  }
  for (const list of lists) {
    if ((spec[list] ?? []).length !== (before[list] ?? []).length) {
      errors.forbidden(specPath.child(list), 'containers may not be added or removed on resize');
      return;
    }
  }
  const [was, is] = [computeQualityClass(before), computeQualityClass(spec)];
  if (was !== is) errors.invalid(specPath, was, 'Pod QOS Class may not change as a result of resizing');
  validateRemovals(spec, before, errors);
  if (!isSameSpec(withoutResizable(spec), withoutResizable(before)))
    errors.forbidden(specPath, 'only cpu and memory resources are mutable');
}

/** What a container or the pod was promised can change, but not disappear. */
function validateRemovals(spec: PodSpec, before: PodSpec, errors: FieldErrors): void {
  if (removes(before.resources?.limits, spec.resources?.limits))
    errors.forbidden(specPath.child('resources', 'limits'), 'pod-level resource limits cannot be removed');
  if (removes(before.resources?.requests, spec.resources?.requests))
    errors.forbidden(specPath.child('resources', 'requests'), 'pod-level resource requests cannot be removed');
  for (const list of lists) {
    for (const [index, container] of (before[list] ?? []).entries()) {
      const now = spec[list]?.[index]?.resources;
      const place = specPath.child(list).index(index).child('resources');
      if (removes(container.resources?.requests, now?.requests))
        errors.forbidden(place.child('requests'), 'resource requests cannot be removed');
      if (removes(container.resources?.limits, now?.limits))
        errors.forbidden(place.child('limits'), 'resource limits cannot be removed');
    }
  }
}

function removes(before: object | undefined, now: object | undefined): boolean {
  const names = Object.keys(now ?? {});
  return Object.keys(before ?? {}).some((name) => (name === 'cpu' || name === 'memory') && !names.includes(name));
}

function withoutResizable(spec: PodSpec): object {
  const strip = (container: Container) => ({
    ...container,
    resources: withoutAmounts(container.resources),
  });
  return {
    ...spec,
    resources: withoutAmounts(spec.resources),
    containers: spec.containers.map(strip),
    initContainers: (spec.initContainers ?? []).map(strip),
  };
}

function withoutAmounts(resources: ResourceRequirements | undefined): unknown {
  const rest = (amounts: object | undefined) =>
    Object.fromEntries(Object.entries(amounts ?? {}).filter(([name]) => name !== 'cpu' && name !== 'memory'));
  // Upstream leaves claims out here too.
  return { limits: rest(resources?.limits), requests: rest(resources?.requests) };
}
