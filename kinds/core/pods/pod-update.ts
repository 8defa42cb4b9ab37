/** What may change in a pod's spec after creation: images, deadline, more tolerations, fewer gates, and little else. */

import { engineSettingPrefix } from '../../../api/engine-settings.ts';
import { own } from '../../../api/json-record.ts';
import { mirrorAnnotation } from '../../../api/labels.ts';
import type {
  Container,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  PodSpec,
  Toleration,
} from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { isSemanticallyEqual } from '../../../machinery/schema/semantic-equality.ts';
import { validateTolerations } from '../../workloads/pod-spec/placement.ts';
import { appArmorPrefix, validatePodAnnotations } from '../../workloads/pod-spec/pod-annotations.ts';

const specPath = FieldPath.of('spec');
const requirementDefinition = 'io.k8s.api.core.v1.NodeSelectorRequirement';
const podSpecDefinition = 'io.k8s.api.core.v1.PodSpec';
const maxDeadline = 2 ** 31 - 1;

const immutableText =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export function validatePodUpdate(next: Pod, previous: Pod, errors: FieldErrors): void {
  const [spec, before] = [next.spec, previous.spec];
  if (!spec || !before) return;
  if (!validateImages(spec.containers, before.containers, specPath.child('containers'), errors)) return;
  if (!validateImages(spec.initContainers ?? [], before.initContainers ?? [], specPath.child('initContainers'), errors))
    return;
  validateDeadline(spec.activeDeadlineSeconds, before.activeDeadlineSeconds, errors);
  validateGateRemoval(spec, before, errors);
  validateAddedTolerations(spec.tolerations ?? [], before.tolerations ?? [], errors);
  const isGated = (before.schedulingGates ?? []).length > 0;
  if (isGated) validateGatedChanges(spec, before, errors);
  if (!isSameSpec(withAllowedChanges(spec, before, isGated), before)) errors.forbidden(specPath, immutableText);
}

/** Whether both would be stored as the same. */
export const isSameSpec = (a: object, b: object): boolean => isSemanticallyEqual(podSpecDefinition, a, b);

/** False when the lists do not even have the same containers: then nothing else is asked. */
function validateImages(
  next: readonly Container[],
  previous: readonly Container[],
  path: FieldPath,
  errors: FieldErrors,
): boolean {
  if (next.length !== previous.length) {
    errors.forbidden(path, 'pod updates may not add or remove containers');
    return false;
  }
  for (const [index, { image = '' }] of next.entries()) {
    const place = path.index(index).child('image');
    if (image.trim() === '') errors.required(place);
    else if (image.trim() !== image) errors.invalid(place, image, 'must not have leading or trailing whitespace');
  }
  return true;
}

function validateDeadline(next: number | undefined, previous: number | undefined, errors: FieldErrors): void {
  const place = specPath.child('activeDeadlineSeconds');
  if (next === undefined) {
    if (previous !== undefined) errors.invalid(place, null, 'must not update from a positive integer to nil value');
    return;
  }
  if (next < 0 || next > maxDeadline) errors.invalid(place, next, `must be between 0 and ${maxDeadline}, inclusive`);
  else if (previous !== undefined && next > previous)
    errors.invalid(place, next, 'must be less than or equal to previous value');
}

function validateGateRemoval(spec: PodSpec, before: PodSpec, errors: FieldErrors): void {
  const known = new Set((before.schedulingGates ?? []).map(({ name }) => name));
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    if (known.has(name)) continue;
    const place = specPath.child('schedulingGates').index(index).child('name');
    errors.forbidden(place, `only deletion is allowed, but found new scheduling gate '${name}'`);
  }
}

const sameToleration = (a: Toleration, b: Toleration): boolean =>
  a.key === b.key && a.operator === b.operator && a.value === b.value && a.effect === b.effect;

function validateAddedTolerations(
  next: readonly Toleration[],
  previous: readonly Toleration[],
  errors: FieldErrors,
): void {
  const place = specPath.child('tolerations');
  for (const old of previous) {
    if (next.some((one) => sameToleration(one, old))) continue;
    errors.forbidden(place, 'existing toleration can not be modified except its tolerationSeconds');
    return;
  }
  validateTolerations(next, place, errors);
}

/** As long as a pod waits at a gate, where it may run can be narrowed. */
function validateGatedChanges(spec: PodSpec, before: PodSpec, errors: FieldErrors): void {
  const selector = spec.nodeSelector ?? {};
  for (const [key, value] of Object.entries(before.nodeSelector ?? {})) {
    if (own(selector, key) === value) continue;
    const text = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    errors.invalid(specPath.child('nodeSelector'), selector, text);
    break;
  }
  const terms = termsOf(before);
  if (terms.length === 0) return;
  const place = specPath.child(
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
    'nodeSelectorTerms',
  );
  const now = termsOf(spec);
  if (now.length !== terms.length) {
    const shown = now.length === 0 ? null : now.map(goTerm);
    errors.invalid(place, shown, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed');
    return;
  }
  for (const [index, term] of terms.entries()) {
    const next = now[index] ?? {};
    if (!keepsAll(next.matchExpressions, term.matchExpressions) || !keepsAll(next.matchFields, term.matchFields))
      errors.invalid(place.index(index), goTerm(next), 'only additions are allowed (no mutations or deletions)');
  }
}

const termsOf = (spec: PodSpec): NodeSelectorTerm[] =>
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];

/** Those before stand at the beginning, unchanged. */
function keepsAll(
  next: readonly NodeSelectorRequirement[] = [],
  previous: readonly NodeSelectorRequirement[] = [],
): boolean {
  return previous.every((requirement, index) => isSemanticallyEqual(requirementDefinition, requirement, next[index]));
}

/** A term as upstream prints it: its internal form. */
function goTerm({ matchExpressions, matchFields }: NodeSelectorTerm): object {
  const list = (requirements: NodeSelectorTerm['matchExpressions']) =>
    requirements?.map(({ key, operator, values }) => ({ Key: key, Operator: operator, Values: values ?? null })) ??
    null;
  return { MatchExpressions: list(matchExpressions), MatchFields: list(matchFields) };
}

/** The new spec with everything that may change put back: what is left must be as before. */
function withAllowedChanges(spec: PodSpec, before: PodSpec, isGated: boolean): PodSpec {
  const munged = structuredClone(spec);
  const putBack = <Name extends keyof PodSpec>(name: Name) => {
    const old = structuredClone(before[name]);
    if (old === undefined) delete munged[name];
    else munged[name] = old;
  };
  restoreImages(munged.containers, before.containers);
  restoreImages(munged.initContainers ?? [], before.initContainers ?? []);
  putBack('activeDeadlineSeconds');
  putBack('schedulingGates');
  putBack('tolerations');
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1)
    putBack('terminationGracePeriodSeconds');
  if (isGated) {
    putBack('nodeSelector');
    restoreNodeAffinity(munged, before);
  }
  return munged;
}

/** Affinity that says nothing but about nodes came with the node affinity. */
function restoreNodeAffinity(munged: PodSpec, before: PodSpec): void {
  const { nodeAffinity: _, ...rest } = munged.affinity ?? {};
  const old = before.affinity?.nodeAffinity;
  const affinity = { ...rest, ...(old && { nodeAffinity: structuredClone(old) }) };
  if (before.affinity === undefined && Object.keys(affinity).length === 0) delete munged.affinity;
  else munged.affinity = affinity;
}

function restoreImages(containers: Container[], before: readonly Container[]): void {
  for (const [index, container] of containers.entries()) {
    const image = before[index]?.image;
    if (image === undefined) delete container.image;
    else container.image = image;
  }
}

/** What a pod says by annotations, and others trust, is said when it is made. */
export function validateAnnotationUpdate(next: Pod, previous: Pod, errors: FieldErrors): void {
  const path = FieldPath.of('metadata', 'annotations');
  const now = next.metadata?.annotations ?? {};
  const before = previous.metadata?.annotations ?? {};
  for (const [key, value] of Object.entries(before)) {
    if (own(now, key) === value) continue;
    if (key === mirrorAnnotation) errors.forbidden(path.key(key), 'may not remove or update mirror pod annotation');
    else if (key.startsWith(appArmorPrefix))
      errors.forbidden(path.key(key), 'may not remove or update AppArmor annotations');
    else if (key.startsWith(engineSettingPrefix))
      errors.forbidden(path.key(key), 'may not remove or update settings of the engine');
  }
  for (const key of Object.keys(now)) {
    if (own(before, key) !== undefined) continue;
    if (key === mirrorAnnotation) errors.forbidden(path.key(key), 'may not add mirror pod annotation');
    else if (key.startsWith(appArmorPrefix)) errors.forbidden(path.key(key), 'may not add AppArmor annotations');
    else if (key.startsWith(engineSettingPrefix)) errors.forbidden(path.key(key), 'may not add settings of the engine');
  }
  if (next.spec) validatePodAnnotations(now, next.spec, path, errors);
}
