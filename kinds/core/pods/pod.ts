/** Pods. The rules for their spec are in `pod-spec/`, those for updates, resizing and status in files beside this one. */

import type { Stored } from '../../../api/object.ts';
import { computeQualityClass } from '../../../api/pod-quality.ts';
import { isPodFinished } from '../../../api/pods.ts';
import { pods } from '../../../api/resources/core.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { isSemanticallyEqual } from '../../../machinery/schema/semantic-equality.ts';
import {
  connectSubresource,
  defineKind,
  hiddenSubresource,
  statusSubresource,
  subresource,
} from '../../define-kind.ts';
import type { Strategy, WriteContext } from '../../kind.ts';
import { keepWholeMetadata } from '../../spec-and-status.ts';
import { setPodDefaults } from '../../workloads/pod-spec/defaults.ts';
import { dropGatedFields } from '../../workloads/pod-spec/gated-fields.ts';
import { mergeLabelKeys } from '../../workloads/pod-spec/match-label-keys.ts';
import {
  syncAppArmor,
  validatePodAnnotations,
  validateProfilesMatch,
} from '../../workloads/pod-spec/pod-annotations.ts';
import { validatePodSpec } from '../../workloads/pod-spec/pod-spec.ts';
import { podWarnings } from '../../workloads/pod-spec/pod-warnings.ts';
import { podColumns, podRowConditions } from './pod-columns.ts';
import { keepAllButResources, validatePodResize } from './pod-resize.ts';
import { setPodAddresses, validatePodStatusUpdate } from './pod-status.ts';
import { validateAnnotationUpdate, validatePodUpdate } from './pod-update.ts';

const specPath = FieldPath.of('spec');
const ephemeralDefinition = 'io.k8s.api.core.v1.EphemeralContainer';

const strategy: Strategy<Pod> = {
  setDefaults(pod) {
    setPodDefaults(pod);
    setPodAddresses(pod);
  },

  prepareForCreate(pod) {
    const { spec } = pod;
    if (!spec) return;
    if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
    dropGatedFields(spec);
    const isGated = (spec.schedulingGates ?? []).length > 0;
    const status = { phase: 'Pending', qosClass: computeQualityClass(spec) };
    Object.assign(pod, { status: isGated ? { ...status, conditions: [gatedCondition(pod)] } : status });
    mergeLabelKeys(pod.metadata?.labels ?? {}, spec);
    syncAppArmor(pod.metadata?.annotations ?? {}, spec);
  },

  prepareForUpdate(next, previous, { subresource }) {
    prepareUpdate(next, previous, subresource);
  },

  validate(pod, errors, context) {
    if (context.subresource === 'status') return;
    validatePod(pod, errors, context);
  },

  validateUpdate(next, previous, errors, { subresource }) {
    validateAnnotationUpdate(next, previous, errors);
    if (subresource === 'status') validatePodStatusUpdate(next, previous, errors);
    else if (subresource === 'resize') validatePodResize(next, previous, errors);
    else if (subresource === 'ephemeralcontainers') validateEphemeralUpdate(next, previous, errors);
    else validatePodUpdate(next, previous, errors);
  },

  metadataOnUpdate: 'both',
  warnings: (pod, previous) => podWarnings(pod, previous),

  judgedBy({ metadata, spec }) {
    // The claims of ephemeral volumes are named after the pod.
    if (spec === undefined || spec.volumes?.some(({ ephemeral }) => ephemeral)) return undefined;
    return { spec, beside: metadata?.annotations };
  },

  generationOf: ({ spec }) => ({ spec }),
  returnDeletedObject: true,
  gracePeriodSeconds: (pod, asked) => deletionGrace(pod, asked),
};

/** A pod that waits at a gate says so from its first moment. */
const gatedCondition = ({ metadata }: Pod) => ({
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
  lastTransitionTime: metadata?.creationTimestamp,
});

function validatePod(pod: Pod, errors: FieldErrors, context: WriteContext): void {
  const spec = pod.spec ?? { containers: [] };
  const annotations = pod.metadata?.annotations ?? {};
  validatePodAnnotations(annotations, spec, FieldPath.of('metadata', 'annotations'), errors);
  validatePodSpec(spec, { podName: pod.metadata?.name ?? '' }, specPath, errors);
  if (context.isUpdate) return;
  if ((spec.ephemeralContainers ?? []).length > 0)
    errors.forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create');
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0)
    errors.forbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared');
  validateProfilesMatch(annotations, spec, errors, specPath);
}

function prepareUpdate(next: Pod, previous: Stored<Pod>, subresource: string | undefined): void {
  if (subresource === 'status') {
    if (previous.spec) next.spec = previous.spec;
    keepOwners(next, previous);
    const qosClass = previous.status?.qosClass;
    if (next.status && !next.status.qosClass && qosClass !== undefined) next.status.qosClass = qosClass;
    return;
  }
  Object.assign(next, { status: { ...previous.status } });
  if (subresource === 'ephemeralcontainers') {
    const ephemeral = next.spec?.ephemeralContainers;
    next.spec = { ...(previous.spec ?? { containers: [] }) };
    if (ephemeral) next.spec.ephemeralContainers = ephemeral;
    else delete next.spec.ephemeralContainers;
    keepWholeMetadata(next, previous);
  } else if (subresource === 'resize') {
    keepWholeMetadata(next, previous);
    keepAllButResources(next, previous);
  } else {
    if (next.spec) dropGatedFields(next.spec);
  }
}

function keepOwners(next: Pod, previous: Stored<Pod>): void {
  if (!next.metadata) return;
  if (previous.metadata.ownerReferences) next.metadata.ownerReferences = previous.metadata.ownerReferences;
  else delete next.metadata.ownerReferences;
}

/** Ephemeral containers come and stay. */
function validateEphemeralUpdate(next: Pod, previous: Pod, errors: FieldErrors): void {
  const path = specPath.child('ephemeralContainers');
  const now = new Map((next.spec?.ephemeralContainers ?? []).map((container) => [container.name, container]));
  for (const container of previous.spec?.ephemeralContainers ?? []) {
    const same = now.get(container.name);
    const shown = JSON.stringify(container.name);
    if (!same) {
      errors.forbidden(path, `existing ephemeral containers ${shown} may not be removed\n`);
    } else if (!isSemanticallyEqual(ephemeralDefinition, same, container)) {
      errors.forbidden(path, `existing ephemeral containers ${shown} may not be changed\n`);
    }
  }
}

/** What was asked, else what the pod says; a pod that never ran, or runs no more, goes at once. */
function deletionGrace(pod: Stored<Pod>, asked: number | undefined): number {
  const wanted = asked ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
  if (!pod.spec?.nodeName || isPodFinished(pod)) return 0;
  return wanted < 0 ? 1 : wanted;
}

export const podKind = defineKind(pods, {
  shortNames: ['po'],
  categories: ['all'],
  subresources: [
    connectSubresource('attach', 'attach', 'PodAttachOptions'),
    subresource('binding', 'binding', { group: '', version: 'v1', kind: 'Binding' }),
    subresource('ephemeralcontainers', 'storedPart'),
    subresource('eviction', 'eviction', { group: 'policy', version: 'v1', kind: 'Eviction' }),
    connectSubresource('exec', 'exec', 'PodExecOptions'),
    subresource('log', 'log'),
    connectSubresource('portforward', 'portForward', 'PodPortForwardOptions'),
    connectSubresource('proxy', 'podProxy', 'PodProxyOptions'),
    subresource('resize', 'storedPart'),
    statusSubresource,
    hiddenSubresource('registrycredentials', 'registryCredentials'),
    hiddenSubresource('retry', 'podRetry'),
    hiddenSubresource('why', 'podWhy'),
  ],
  columns: podColumns,
  rowConditions: podRowConditions,
  selectableFields: [
    { name: 'spec.nodeName', value: (pod) => pod.spec?.nodeName ?? '' },
    { name: 'spec.restartPolicy', value: (pod) => pod.spec?.restartPolicy ?? '' },
    { name: 'spec.schedulerName', value: (pod) => pod.spec?.schedulerName ?? '' },
    { name: 'spec.serviceAccountName', value: (pod) => pod.spec?.serviceAccountName ?? '' },
    { name: 'spec.hostNetwork', value: (pod) => String(pod.spec?.hostNetwork ?? false) },
    { name: 'status.phase', value: (pod) => pod.status?.phase ?? '' },
    { name: 'status.podIP', value: (pod) => pod.status?.podIP ?? '' },
    // Known, but upstream fills nothing in: no value selects anything.
    { name: 'status.podIPs', value: () => '' },
    { name: 'status.nominatedNodeName', value: (pod) => pod.status?.nominatedNodeName ?? '' },
  ],
  strategy,
});
