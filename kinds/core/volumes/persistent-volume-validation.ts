/** The rules for PersistentVolumes. */

import type { PersistentVolume, PersistentVolumeSpec, SecretReference } from '../../../api/types/core/v1.ts';
import { compareKeys } from '../../../base/compare.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { goDifference, goInternalForm } from '../../../machinery/schema/go-internal-form.ts';
import { isSemanticallyEqual } from '../../../machinery/schema/semantic-equality.ts';
import { shapeOf } from '../../../machinery/schema/shape.ts';
import { validateDriverName } from '../../validation/driver-name.ts';
import { checkDns1123Label, checkDns1123Subdomain } from '../../validation/names.ts';
import { validateNoBacksteps } from '../../validation/paths.ts';
import { validateNodeSelector } from '../../workloads/pod-spec/placement.ts';
import {
  validateAccessModes,
  validateAmountOfStorage,
  validatePositive,
  validateVolumeMode,
} from '../../workloads/volumes/claim-validation.ts';
import { type SourceRule, sharedSource, sourceRule, validateHostPath } from '../../workloads/volumes/volume-sources.ts';

const path = FieldPath.of('spec');
const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];

const shared = (field: string, names: Partial<SourceRule> = {}): SourceRule => ({
  ...(sharedSource(field) ?? sourceRule(field, () => undefined)),
  ...names,
});

interface CsiSource {
  driver: string;
  volumeHandle: string;
  controllerPublishSecretRef?: SecretReference;
  nodeStageSecretRef?: SecretReference;
  nodePublishSecretRef?: SecretReference;
  controllerExpandSecretRef?: SecretReference;
  nodeExpandSecretRef?: SecretReference;
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeStageSecretRef',
  'nodeExpandSecretRef',
] as const;

function validateCsi(source: CsiSource, place: FieldPath, errors: FieldErrors): void {
  validateDriverName(source.driver, place.child('driver'), errors);
  if (source.volumeHandle === '') errors.required(place.child('volumeHandle'));
  for (const field of csiSecrets) {
    const secret = source[field];
    if (secret) validateSecretReference(secret, place.child(field), errors);
  }
}

function validateSecretReference({ name, namespace }: SecretReference, place: FieldPath, errors: FieldErrors): void {
  if (!name) errors.required(place.child('name'));
  if (!namespace) errors.required(place.child('namespace'));
  else for (const message of checkDns1123Label(namespace)) errors.invalid(place.child('namespace'), namespace, message);
}

function validateLocal(source: { path: string }, place: FieldPath, errors: FieldErrors): void {
  if (source.path === '') errors.required(place.child('path'));
  else validateNoBacksteps(source.path, place.child('path'), errors);
}

const glusterfs: SourceRule = {
  ...shared('glusterfs'),
  ...sourceRule('glusterfs', (source: { endpointsNamespace?: string }, place, errors, name) => {
    shared('glusterfs').validate(source, place, errors, name);
    const { endpointsNamespace } = source;
    if (endpointsNamespace === undefined) return;
    const at = place.child('endpointsNamespace');
    if (endpointsNamespace === '')
      errors.invalid(at, '', 'if the endpointnamespace is set, it must be a valid namespace name');
    else for (const message of checkDns1123Label(endpointsNamespace)) errors.invalid(at, endpointsNamespace, message);
  }),
};

const azureFile: SourceRule = {
  ...shared('azureFile'),
  ...sourceRule('azureFile', (source: { secretNamespace?: string }, place, errors, name) => {
    shared('azureFile').validate(source, place, errors, name);
    if (source.secretNamespace === '') errors.required(place.child('secretNamespace'));
  }),
};

/** In upstream's order. */
const sources: readonly SourceRule[] = [
  sourceRule('hostPath', validateHostPath),
  shared('gcePersistentDisk', { ownName: 'persistentDisk' }),
  shared('awsElasticBlockStore'),
  glusterfs,
  shared('flocker'),
  shared('nfs'),
  shared('rbd'),
  shared('quobyte'),
  shared('cephfs'),
  shared('iscsi'),
  shared('fc'),
  shared('flexVolume'),
  shared('cinder'),
  azureFile,
  shared('vsphereVolume'),
  shared('photonPersistentDisk'),
  shared('azureDisk'),
  shared('portworxVolume'),
  shared('scaleIO'),
  sourceRule('local', validateLocal),
  shared('storageos'),
  sourceRule('csi', validateCsi),
];

export function validateVolume(volume: PersistentVolume, errors: FieldErrors): void {
  validateVolumeSpec(volume.spec ?? {}, volume.metadata?.name ?? '', path, errors);
}

/** A volume that stands inside a VolumeAttachment: a CSI volume, whose capacity is not asked about. */
export function validateInlineVolumeSpec(spec: PersistentVolumeSpec, place: FieldPath, errors: FieldErrors): void {
  validateAccessModes(spec.accessModes ?? [], place.child('accessModes'), errors, '');
  if (!spec.csi) errors.required(place.child('csi'), 'has to be specified in the context of inline volumes');
  validateSources(spec, '', place, errors);
  validateClassNames(spec, place, errors);
}

function validateVolumeSpec(spec: PersistentVolumeSpec, name: string, place: FieldPath, errors: FieldErrors): void {
  validateAccessModes(spec.accessModes ?? [], place.child('accessModes'), errors, '');
  validateCapacity(spec, place.child('capacity'), errors);
  const { persistentVolumeReclaimPolicy: policy = '', hostPath } = spec;
  const policyPlace = place.child('persistentVolumeReclaimPolicy');
  if (policy !== '' && !reclaimPolicies.includes(policy)) errors.notSupported(policyPlace, policy, reclaimPolicies);
  if (spec.nodeAffinity) {
    const { required } = spec.nodeAffinity;
    const at = place.child('nodeAffinity', 'required');
    if (required) validateNodeSelector(required, at, errors);
    else errors.required(at, 'must specify required node constraints');
  }
  validateSources(spec, name, place, errors);
  if (hostPath?.path === '/' && policy === 'Recycle')
    errors.forbidden(policyPlace, "may not be 'recycle' for a hostPath mount of '/'");
  validateClassNames(spec, place, errors);
  validateVolumeMode(spec.volumeMode, place.child('volumeMode'), errors);
}

/** As Go shows a map: in the order of its keys. */
const byName = (amounts: Record<string, string>): object =>
  Object.fromEntries(Object.entries(amounts).sort(compareKeys));

function validateCapacity({ capacity }: PersistentVolumeSpec, place: FieldPath, errors: FieldErrors): void {
  const amounts = capacity ?? {};
  const names = Object.keys(amounts);
  if (names.length === 0) errors.required(place);
  if (amounts.storage === undefined || names.length > 1)
    errors.notSupported(place, capacity ? byName(amounts) : null, ['storage']);
  for (const [name, amount] of Object.entries(amounts)) {
    validateAmountOfStorage(amount, place.key(name), errors);
    validatePositive(amount, place.key(name), errors);
  }
}

function validateSources(spec: PersistentVolumeSpec, name: string, place: FieldPath, errors: FieldErrors): void {
  let count = 0;
  for (const { field, doubleName, ownName, validate } of sources) {
    const source: object | undefined = Reflect.get(spec, field);
    if (source === undefined) continue;
    count += 1;
    // Upstream overlooks that a flexVolume may be one too many.
    if (count > 1 && field !== 'flexVolume')
      errors.forbidden(place.child(doubleName ?? field), 'may not specify more than 1 volume type');
    else validate(source, place.child(ownName ?? field), errors, name);
  }
  if (count === 0) errors.required(place, 'must specify a volume type');
}

function validateClassNames(spec: PersistentVolumeSpec, place: FieldPath, errors: FieldErrors): void {
  const { storageClassName, volumeAttributesClassName: attributes } = spec;
  if (storageClassName) {
    for (const message of checkDns1123Subdomain(storageClassName))
      errors.invalid(place.child('storageClassName'), storageClassName, message);
  }
  if (attributes === undefined) return;
  const at = place.child('volumeAttributesClassName');
  if (attributes === '') errors.required(at, 'an empty string is disallowed');
  else for (const message of checkDns1123Subdomain(attributes)) errors.invalid(at, attributes, message);
  if (!spec.csi) errors.required(place.child('csi'), 'has to be specified when using volumeAttributesClassName');
}

export function validateVolumeUpdate(next: PersistentVolume, previous: PersistentVolume, errors: FieldErrors): void {
  const [spec, before] = [next.spec ?? {}, previous.spec ?? {}];
  const isSame = sources.every(({ field }) => isSameSource(field, spec, before));
  if (!isSame) {
    const difference = goDifference(formOfSource(before), formOfSource(spec));
    const text = `spec.persistentvolumesource is immutable after creation\n${difference}`;
    errors.forbidden(path.child('persistentvolumesource'), text);
  }
  if (spec.volumeMode !== before.volumeMode)
    errors.invalid(FieldPath.of('volumeMode'), spec.volumeMode ?? null, 'field is immutable');
  if (before.nodeAffinity && !isSemanticallyEqual(affinityDefinition, spec.nodeAffinity, before.nodeAffinity)) {
    const text = 'field is immutable, except for updating from beta label to GA';
    errors.invalid(FieldPath.of('nodeAffinity'), goNodeAffinity(spec.nodeAffinity), text);
  }
}

const specDefinition = 'io.k8s.api.core.v1.PersistentVolumeSpec';
const affinityDefinition = 'io.k8s.api.core.v1.VolumeNodeAffinity';

const formOfSource = (spec: PersistentVolumeSpec): object => goInternalForm(shapeOf(specDefinition), spec, sourceOrder);

/** As Go declares them. */
const sourceOrder: readonly string[] = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'hostPath',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'flexVolume',
  'cinder',
  'cephfs',
  'fc',
  'flocker',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'local',
  'storageos',
  'csi',
];

/** Secrets for growing may be added to what had none. */
function isSameSource(field: string, next: PersistentVolumeSpec, previous: PersistentVolumeSpec): boolean {
  const isSame = (a: unknown, b: unknown) => isSemanticallyEqual(specDefinition, { [field]: a }, { [field]: b });
  if (field !== 'csi' || !next.csi || !previous.csi)
    return isSame(Reflect.get(next, field), Reflect.get(previous, field));
  const now = { ...next.csi };
  for (const secret of ['controllerExpandSecretRef', 'nodeExpandSecretRef'] as const)
    if (!previous.csi[secret]) delete now[secret];
  return isSame(now, previous.csi);
}

/** The affinity as upstream prints it: its internal form. */
function goNodeAffinity(affinity: PersistentVolumeSpec['nodeAffinity']): unknown {
  if (!affinity) return null;
  const requirements = (list: { key: string; operator: string; values?: string[] }[] | undefined) =>
    list?.map(({ key, operator, values }) => ({ Key: key, Operator: operator, Values: values ?? null })) ?? null;
  const terms = affinity.required?.nodeSelectorTerms.map(({ matchExpressions, matchFields }) => ({
    MatchExpressions: requirements(matchExpressions),
    MatchFields: requirements(matchFields),
  }));
  return { Required: affinity.required ? { NodeSelectorTerms: terms?.length ? terms : null } : null };
}
