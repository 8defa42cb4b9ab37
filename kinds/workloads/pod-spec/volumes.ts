/** Volumes of a pod. Persistent volumes share most of the sources. */

import { readQuantity } from '../../../api/quantity.ts';
import type {
  ConfigMapProjection,
  DownwardAPIVolumeFile,
  EphemeralVolumeSource,
  KeyToPath,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '../../../api/types/core/v1.ts';
import type { ObjectMeta } from '../../../api/types/meta/v1.ts';
import { compareKeys } from '../../../base/compare.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { validateDriverName } from '../../validation/driver-name.ts';
import { validateLabels } from '../../validation/label-selector.ts';
import { validateAnnotations } from '../../validation/metadata-validation.ts';
import { checkDns1123Label, checkDns1123Subdomain } from '../../validation/names.ts';
import { validateLocalFileName } from '../../validation/paths.ts';
import { validateClaimSpec } from '../volumes/claim-validation.ts';
import { type SourceRule, sharedSource, sourceRule, validateHostPath } from '../volumes/volume-sources.ts';
import { validateResourceFieldRef, validateVolumeFieldRef } from './environment.ts';

export interface VolumeContext {
  /** The pod's name; empty in templates. */
  readonly podName: string;
}

const maxFileMode = 0o777;
const maxTokenSeconds = 2 ** 32;

function validateMode(mode: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (mode !== undefined && (mode < 0 || mode > maxFileMode))
    errors.invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive');
}

/** Returns the volumes that are right: mounts of the others have nothing to stand on. */
export function validateVolumes(
  volumes: readonly Volume[],
  context: VolumeContext,
  path: FieldPath,
  errors: FieldErrors,
): Map<string, Volume> {
  const good = new Map<string, Volume>();
  const names = new Set<string>();
  const ephemeralClaims = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const place = path.index(index);
    const errorsBefore = errors.list.length;
    validateSource(volume, place, errors);
    if (volume.name === '') errors.required(place.child('name'));
    else validateVolumeName(volume, names, context, place.child('name'), errors);
    names.add(volume.name);
    if (errors.list.length === errorsBefore) good.set(volume.name, volume);
    if (volume.ephemeral && context.podName !== '') ephemeralClaims.add(`${context.podName}-${volume.name}`);
  }
  for (const [index, { persistentVolumeClaim }] of volumes.entries()) {
    const claim = persistentVolumeClaim?.claimName;
    if (claim !== undefined && ephemeralClaims.has(claim)) {
      const place = path.index(index).child('persistentVolumeClaim', 'claimName');
      errors.invalid(place, claim, 'must not reference a PVC that gets created for an ephemeral volume');
    }
  }
  return good;
}

function validateVolumeName(
  volume: Volume,
  names: ReadonlySet<string>,
  { podName }: VolumeContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (volume.ephemeral && podName !== '') {
    const claim = `${podName}-${volume.name}`;
    for (const message of checkDns1123Subdomain(claim))
      errors.invalid(path, volume.name, `PVC name ${JSON.stringify(claim)}: ${message}`);
  }
  for (const message of checkDns1123Label(volume.name)) errors.invalid(path, volume.name, message);
  if (names.has(volume.name)) errors.duplicate(path, volume.name);
}

const shared = (field: string, names: Partial<SourceRule> = {}): SourceRule => ({
  ...(sharedSource(field) ?? sourceRule(field, () => undefined)),
  ...names,
});

/** In the order in which upstream looks at them, with its spellings. */
const sources: readonly SourceRule[] = [
  sourceRule('emptyDir', validateEmptyDir),
  sourceRule('hostPath', validateHostPath),
  shared('gitRepo'),
  shared('gcePersistentDisk', { ownName: 'persistentDisk' }),
  shared('awsElasticBlockStore'),
  sourceRule('secret', validateSecret),
  shared('nfs'),
  shared('iscsi'),
  shared('glusterfs'),
  shared('flocker'),
  sourceRule('persistentVolumeClaim', (source: { claimName: string }, path, errors) => {
    if (source.claimName === '') errors.required(path.child('claimName'));
  }),
  shared('rbd'),
  shared('cinder'),
  shared('cephfs'),
  shared('quobyte'),
  sourceRule('downwardAPI', validateDownwardApi, { doubleName: 'downwarAPI' }),
  shared('fc'),
  shared('flexVolume'),
  sourceRule('configMap', validateConfigMap),
  shared('azureFile'),
  shared('vsphereVolume'),
  shared('photonPersistentDisk'),
  shared('portworxVolume'),
  shared('azureDisk'),
  shared('storageos'),
  sourceRule('projected', validateProjected),
  shared('scaleIO'),
  sourceRule('csi', validateCsi),
  sourceRule('ephemeral', validateEphemeral),
  sourceRule('image', validateImage),
];

function validateSource(volume: Volume, path: FieldPath, errors: FieldErrors): void {
  let count = 0;
  for (const { field, doubleName, ownName, validate } of sources) {
    const source: object | undefined = Reflect.get(volume, field);
    if (source === undefined) continue;
    count += 1;
    if (count > 1) errors.forbidden(path.child(doubleName ?? field), 'may not specify more than 1 volume type');
    else validate(source, path.child(ownName ?? field), errors, volume.name);
  }
  if (count === 0) errors.required(path, 'must specify a volume type');
}

function validateEmptyDir(source: { sizeLimit?: unknown }, path: FieldPath, errors: FieldErrors): void {
  if (source.sizeLimit !== undefined && readQuantity(String(source.sizeLimit)).nanos < 0n)
    errors.forbidden(path.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity');
}

function validateItems(items: readonly KeyToPath[] | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const [index, item] of (items ?? []).entries()) {
    const place = path.child('items').index(index);
    if (item.key === '') errors.required(place.child('key'));
    if (item.path === '') errors.required(place.child('path'));
    else validateLocalFileName(item.path, place.child('path'), errors);
    validateMode(item.mode, place.child('mode'), errors);
  }
}

function validateSecret(
  source: { secretName?: string; defaultMode?: number; items?: KeyToPath[] },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!source.secretName) errors.required(path.child('secretName'));
  validateMode(source.defaultMode, path.child('defaultMode'), errors);
  validateItems(source.items, path, errors);
}

function validateConfigMap(
  source: { name?: string; defaultMode?: number; items?: KeyToPath[] },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!source.name) errors.required(path.child('name'));
  validateMode(source.defaultMode, path.child('defaultMode'), errors);
  validateItems(source.items, path, errors);
}

function validateDownwardApi(
  source: { defaultMode?: number; items?: DownwardAPIVolumeFile[] },
  path: FieldPath,
  errors: FieldErrors,
): void {
  validateMode(source.defaultMode, path.child('defaultMode'), errors);
  for (const item of source.items ?? []) validateDownwardFile(item, path, errors);
}

function validateDownwardFile(file: DownwardAPIVolumeFile, path: FieldPath, errors: FieldErrors): void {
  const { fieldRef, resourceFieldRef } = file;
  if (file.path === '') errors.required(path.child('path'));
  else validateLocalFileName(file.path, path.child('path'), errors);
  if (fieldRef) {
    validateVolumeFieldRef(fieldRef, path.child('fieldRef'), errors);
    if (resourceFieldRef)
      errors.invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
  } else if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, path.child('resourceFieldRef'), errors, true);
  else errors.required(path, 'one of fieldRef and resourceFieldRef is required');
  validateMode(file.mode, path.child('mode'), errors);
}

function validateProjected(source: ProjectedVolumeSource, path: FieldPath, errors: FieldErrors): void {
  validateMode(source.defaultMode, path.child('defaultMode'), errors);
  const taken = new Set<string>();
  for (const [index, projection] of (source.sources ?? []).entries())
    validateProjection(projection, { taken, volumePath: path }, path.child('sources').index(index), errors);
}

interface ProjectionContext {
  /** Paths of earlier files, which may not be written twice. */
  readonly taken: Set<string>;
  readonly volumePath: FieldPath;
}

function validateProjection(
  projection: VolumeProjection,
  { taken, volumePath }: ProjectionContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  let count = 0;
  const take = (target: string, place: FieldPath) => {
    if (target === '') return;
    if (taken.has(target)) errors.invalid(place, target, 'conflicting duplicate paths');
    taken.add(target);
  };
  const next = (field: string, validate: (place: FieldPath) => void) => {
    if (Reflect.get(projection, field) === undefined) return;
    count += 1;
    if (count > 1) errors.forbidden(path, 'may not specify more than 1 volume type per source');
    else validate(path.child(field));
  };
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = projection;
  next('secret', (place) => validateNamedProjection(secret ?? {}, place, take, errors));
  next('configMap', (place) => validateNamedProjection(configMap ?? {}, place, take, errors));
  next('downwardAPI', (place) => {
    for (const item of downwardAPI?.items ?? []) {
      validateDownwardFile(item, place, errors);
      take(item.path, place);
    }
  });
  if (serviceAccountToken) validateTokenPath(serviceAccountToken.path, volumePath.child('path'), errors);
  next('serviceAccountToken', (place) => {
    validateTokenSeconds(serviceAccountToken?.expirationSeconds ?? 0, place.child('expirationSeconds'), errors);
  });
  next('clusterTrustBundle', (place) => validateTrustBundle(clusterTrustBundle ?? {}, place, take, errors));
  next('podCertificate', (place) => {
    for (const field of ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const) {
      const target = podCertificate?.[field] ?? '';
      if (target !== '') validateLocalFileName(target, place.child(field), errors);
      take(target, place.child(field));
    }
  });
}

/** Upstream names the volume here, not its source. */
function validateTokenPath(target: string, path: FieldPath, errors: FieldErrors): void {
  if (target === '') errors.required(path);
  else validateLocalFileName(target, path, errors);
}

function validateTokenSeconds(seconds: number, path: FieldPath, errors: FieldErrors): void {
  if (seconds < 600) errors.invalid(path, seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > maxTokenSeconds) errors.invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds');
}

function validateNamedProjection(
  source: ConfigMapProjection,
  path: FieldPath,
  take: (target: string, place: FieldPath) => void,
  errors: FieldErrors,
): void {
  if (!source.name) errors.required(path.child('name'));
  validateItems(source.items, path, errors);
  for (const item of source.items ?? []) take(item.path, path);
}

function validateTrustBundle(
  source: { name?: string; signerName?: string; path?: string },
  path: FieldPath,
  take: (target: string, place: FieldPath) => void,
  errors: FieldErrors,
): void {
  if (source.name !== undefined && source.signerName !== undefined)
    errors.invalid(path, source, 'only one of name and signerName may be used');
  if (source.name === undefined && source.signerName === undefined)
    errors.required(path, 'either name or signerName must be specified');
  const target = source.path ?? '';
  if (target === '') errors.required(path.child('path'));
  else validateLocalFileName(target, path.child('path'), errors);
  take(target, path.child('path'));
}

function validateCsi(
  source: { driver: string; nodePublishSecretRef?: { name?: string } },
  path: FieldPath,
  errors: FieldErrors,
): void {
  validateDriverName(source.driver, path.child('driver'), errors);
  const { nodePublishSecretRef: secret } = source;
  if (!secret) return;
  const place = path.child('nodePublishSecretRef', 'name');
  if (!secret.name) errors.required(place);
  else for (const message of checkDns1123Subdomain(secret.name)) errors.invalid(place, secret.name, message);
}

function validateEphemeral(source: EphemeralVolumeSource, path: FieldPath, errors: FieldErrors): void {
  const template = source.volumeClaimTemplate;
  const place = path.child('volumeClaimTemplate');
  if (!template) {
    errors.required(place);
    return;
  }
  validateTemplateMetadata(template.metadata ?? {}, place.child('metadata'), errors);
  validateClaimSpec(template.spec, place.child('spec'), errors);
}

/** Only labels and annotations pass from the template to the claim. */
function validateTemplateMetadata(metadata: ObjectMeta, path: FieldPath, errors: FieldErrors): void {
  validateAnnotations(metadata.annotations, path.child('annotations'), errors);
  validateLabels(metadata.labels, path.child('labels'), errors);
  for (const [field, value] of Object.entries(metadata).sort(compareKeys)) {
    if (field === 'labels' || field === 'annotations' || value === undefined) continue;
    errors.forbidden(path.child(field), 'cannot be set');
  }
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];

function validateImage(
  source: { reference?: string; pullPolicy?: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (source.reference !== undefined && source.reference.trim() !== source.reference)
    errors.invalid(path.child('reference'), source.reference, 'must not have leading or trailing whitespace');
  if (!source.reference) errors.required(path.child('reference'));
  if (!pullPolicies.includes(source.pullPolicy ?? ''))
    errors.notSupported(path.child('pullPolicy'), source.pullPolicy ?? '', pullPolicies);
}
