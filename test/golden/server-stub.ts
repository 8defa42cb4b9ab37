/**
 * What the API server does around a kind's strategy, played for recordings that run in memory: identities, what
 * admission fills in, addresses. Placeholders are those of the recordings.
 */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import { needsHealthCheckPort } from '../../api/services.ts';
import { badRequest, conflict } from '../../api/status-error.ts';
import type { ServiceSpec, Toleration } from '../../api/types/core/v1.ts';
import { policyAsDefault, policyOfLabels } from '../../apiserver/admission/pod-security/level.ts';
import {
  alignClusterIps,
  allocatesNodePorts,
  completeFamilies,
  keepAllocated,
} from '../../apiserver/registry/allocators/service-needs.ts';
import type { Kind, WriteContext } from '../../kinds/kind.ts';
import { FieldErrors, invalidObject } from '../../machinery/field-errors.ts';

type Writable = { -readonly [Name in keyof NonNullable<KubernetesObject['metadata']>]: unknown };
// biome-ignore lint/suspicious/noExplicitAny: parts of many kinds are read here, whatever they are
type Loose = any;

export const creationTime = '2026-07-01T00:00:00Z';
export const givenUid = '7e6c7e0a-5d4b-4a53-9d0e-2f1f0a9b8c7d';
export const generatedSuffix = 'bbbbb';

/** Objects that say something else than the request does are refused before anything else. */
export function refuseMismatch(kind: Kind, object: KubernetesObject, context: WriteContext, previous?: Stored): void {
  const { name, namespace, resourceVersion } = object.metadata ?? {};
  if (namespace !== undefined && context.namespace !== undefined && namespace !== context.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  if (!previous) return;
  if (name !== previous.metadata.name)
    throw badRequest(
      `the name of the object (${name ?? ''}) does not match the name on the URL (${previous.metadata.name})`,
    );
  if (resourceVersion && resourceVersion !== '0' && resourceVersion !== previous.metadata.resourceVersion) {
    const why = 'the object has been modified; please apply your changes to the latest version and try again';
    throw conflict(kind, previous.metadata.name, why);
  }
}

/** The metadata of a new object. */
export function newMetadata(kind: Kind, object: KubernetesObject, context: WriteContext): void {
  object.metadata ??= {};
  const metadata = object.metadata as Writable;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete metadata.managedFields;
  metadata.uid = givenUid;
  if (metadata.resourceVersion) metadata.resourceVersion = '<rv:1>';
  metadata.creationTimestamp = creationTime;
  if (context.namespace !== undefined) metadata.namespace ??= context.namespace;
  if (kind.strategy.generationOf) metadata.generation = 1;
  else if (kind.plural !== 'leases') delete metadata.generation;
  if (metadata.generateName && !metadata.name)
    metadata.name = `${String(metadata.generateName).slice(0, 58)}${generatedSuffix}`;
}

/** What an update may not touch in metadata. */
export function keepMetadata(object: KubernetesObject, previous: Stored): void {
  object.metadata ??= {};
  const metadata = object.metadata as Writable;
  delete metadata.selfLink;
  delete metadata.managedFields;
  metadata.creationTimestamp = previous.metadata.creationTimestamp;
  metadata.resourceVersion = previous.metadata.resourceVersion;
  metadata.uid ??= previous.metadata.uid;
  if (previous.metadata.generation === undefined) delete metadata.generation;
  else metadata.generation = previous.metadata.generation;
}

/** What plugins refuse of a new object that is valid. */
export function refuseByAdmission(kind: Kind, { metadata }: KubernetesObject): void {
  if (kind.group !== '' || kind.kind !== 'Namespace') return;
  const { errors } = policyOfLabels(metadata?.labels, policyAsDefault({ level: 'privileged', version: 'latest' }));
  if (errors.length > 0) throw invalidObject(kind, metadata?.name ?? '', errors);
}

/** Admission and allocation at creation. */
export function completeCreated(kind: Kind, object: KubernetesObject): void {
  if (kind.group !== '') return;
  if (kind.kind === 'Pod') completePod(object);
  if (kind.kind === 'Service') allocate(object);
  if (kind.kind === 'PersistentVolume') protect(object, 'kubernetes.io/pv-protection');
  if (kind.kind === 'PersistentVolumeClaim') protect(object, 'kubernetes.io/pvc-protection');
  if (kind.kind === 'Node') {
    const spec = (object as Loose).spec;
    spec.taints = [...(spec.taints ?? []), { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }];
  }
}

/** Admission at update. */
export function completeUpdated(kind: Kind, object: KubernetesObject, previous: Stored, subresource?: string): void {
  if (kind.group !== '' || subresource !== undefined) return;
  if (kind.kind === 'Pod') addTolerations((object as Loose).spec);
  if (kind.kind === 'Service') {
    keepAllocated((object as Loose).spec, (previous as Loose).spec);
    allocate(object, previous);
  }
}

function completePod(pod: Loose): void {
  const { spec } = pod;
  if (!spec.serviceAccountName) spec.serviceAccountName = 'default';
  spec.serviceAccount = spec.serviceAccountName;
  spec.priority ??= 0;
  spec.preemptionPolicy ??= 'PreemptLowerPriority';
  addTolerations(spec);
}

function addTolerations(spec: Loose): void {
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const tolerated = (spec.tolerations ?? []).some(
      (one: Toleration) => (one.key === key || !one.key) && (one.effect === 'NoExecute' || !one.effect),
    );
    if (!tolerated)
      spec.tolerations = [
        ...(spec.tolerations ?? []),
        { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ];
  }
}

/** Addresses and ports as the server's hooks would give them. */
function allocate(service: Loose, previous?: Loose): void {
  const spec: ServiceSpec = service.spec;
  alignClusterIps(spec, previous?.spec);
  if (spec.type === 'ExternalName') return;
  const errors = new FieldErrors();
  completeFamilies(spec, previous?.spec, errors);
  if (!errors.empty) throw invalidObject({ group: '', kind: 'Service' }, service.metadata.name, errors.list);
  if (spec.clusterIP === undefined || spec.clusterIP === '') {
    if (spec.clusterIPs !== undefined && spec.clusterIPs.length > 0) return;
    spec.clusterIP = allocatedAddress;
    spec.clusterIPs = [allocatedAddress];
  }
  let next = firstPort;
  if (needsHealthCheckPort(spec) && !spec.healthCheckNodePort) spec.healthCheckNodePort = next++;
  if (allocatesNodePorts(spec)) for (const port of spec.ports ?? []) port.nodePort ||= next++;
}

export const allocatedAddress = '10.96.222.1';
const firstPort = 32_760;

function protect({ metadata }: KubernetesObject, finalizer: string): void {
  if (metadata) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
}
