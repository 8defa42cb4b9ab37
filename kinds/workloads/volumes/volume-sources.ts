/** Sources of volumes that pods and persistent volumes share: what each kind of storage must be told. */

import type {
  AzureDiskVolumeSource,
  FCVolumeSource,
  HostPathVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
} from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { checkDns1123Label } from '../../validation/names.ts';
import { validateLocalPath, validateNoBacksteps } from '../../validation/paths.ts';

/** Marks fields that must not be empty. */
function requireText(source: object, fields: readonly string[], path: FieldPath, errors: FieldErrors): void {
  for (const field of fields) {
    const value: unknown = Reflect.get(source, field);
    if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0))
      errors.required(path.child(field));
  }
}

const requires =
  (...fields: string[]) =>
  (source: object, path: FieldPath, errors: FieldErrors) =>
    requireText(source, fields, path, errors);

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

export function validateHostPath(source: HostPathVolumeSource, path: FieldPath, errors: FieldErrors): void {
  if (source.path === '') {
    errors.required(path.child('path'));
    return;
  }
  validateNoBacksteps(source.path, path.child('path'), errors);
  if (source.type !== undefined && !hostPathTypes.includes(source.type))
    errors.notSupported(path.child('type'), source.type, hostPathTypes);
}

function validateNfs(source: NFSVolumeSource, path: FieldPath, errors: FieldErrors): void {
  requireText(source, ['server', 'path'], path, errors);
  if (!source.path.startsWith('/')) errors.invalid(path.child('path'), source.path, 'must be an absolute path');
}

function validateFc(source: FCVolumeSource, path: FieldPath, errors: FieldErrors): void {
  const { targetWWNs = [], wwids = [], lun } = source;
  const both = targetWWNs.length > 0 && wwids.length > 0;
  if (targetWWNs.length === 0 && wwids.length === 0)
    errors.required(path.child('targetWWNs'), 'must specify either targetWWNs or wwids, but not both');
  if (both)
    errors.invalid(path.child('targetWWNs'), targetWWNs, 'targetWWNs and wwids can not be specified simultaneously');
  if (targetWWNs.length === 0) return;
  if (lun === undefined) errors.required(path.child('lun'), 'lun is required if targetWWNs is specified');
  else if (lun < 0 || lun > 255) errors.invalid(path.child('lun'), lun, 'must be between 0 and 255, inclusive');
}

const iqnPattern = /^iqn\.\d{4}-\d{2}\.([^:]+)?(:.+)?$/;
const euiPattern = /^eui\.[0-9a-fA-F]{16}$/;
const naaPattern = /^naa\.[0-9a-fA-F]{16,32}$/;
const isInitiator = (text: string): boolean => iqnPattern.test(text) || euiPattern.test(text) || naaPattern.test(text);

function validateIscsi(source: ISCSIVolumeSource, path: FieldPath, errors: FieldErrors, volumeName: string): void {
  requireText(source, ['targetPortal'], path, errors);
  const { iqn, lun, initiatorName, targetPortal } = source;
  if (iqn === '') errors.required(path.child('iqn'));
  else if (!/^(iqn|eui|naa)/.test(iqn))
    errors.invalid(path.child('iqn'), iqn, 'must be valid format starting with iqn, eui, or naa');
  else if (!isInitiator(iqn)) errors.invalid(path.child('iqn'), iqn, 'must be valid format');
  if (lun < 0 || lun > 255) errors.invalid(path.child('lun'), lun, 'must be between 0 and 255, inclusive');
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef)
    errors.required(path.child('secretRef'));
  if (initiatorName !== undefined) {
    if (!isInitiator(initiatorName)) errors.invalid(path.child('initiatorname'), initiatorName, 'must be valid format');
    const full = `${volumeName}:${targetPortal}`;
    if (full.length > 64) {
      errors.invalid(
        path.parent().child('name'),
        volumeName,
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
      );
    }
  }
  const { name } = source.secretRef ?? {};
  if (source.secretRef && !name) errors.required(path.child('secretRef', 'name'));
}

const blobUri = /^https:\/\//;
const managedUri = /^\/subscriptions\//i;
const cachingModes = ['None', 'ReadOnly', 'ReadWrite'];
const diskKinds = ['Dedicated', 'Managed', 'Shared'];

function validateAzureDisk(source: AzureDiskVolumeSource, path: FieldPath, errors: FieldErrors): void {
  const { diskURI, cachingMode, kind } = source;
  requireText(source, ['diskName', 'diskURI'], path, errors);
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode))
    errors.notSupported(path.child('cachingMode'), cachingMode, cachingModes);
  if (kind !== undefined && !diskKinds.includes(kind)) errors.notSupported(path.child('kind'), kind, diskKinds);
  const managed = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
  if (kind === 'Managed') {
    if (!managedUri.test(diskURI)) {
      errors.notSupported(path.child('diskURI'), diskURI, [
        '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
      ]);
    }
  } else if (!blobUri.test(diskURI)) errors.notSupported(path.child('diskURI'), diskURI, [managed]);
}

function validateFlex(
  source: { driver: string; options?: Record<string, string> },
  path: FieldPath,
  errors: FieldErrors,
): void {
  requireText(source, ['driver'], path, errors);
  for (const key of Object.keys(source.options ?? {})) {
    const domain = key.split('/')[0] ?? '';
    if (key.includes('/') && /(^|\.)(kubernetes|k8s)\.io$/.test(domain.toLowerCase()))
      errors.invalid(path.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved');
  }
}

function validateFlocker(
  source: { datasetName?: string; datasetUUID?: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { datasetName = '', datasetUUID = '' } = source;
  if (datasetName === '' && datasetUUID === '') errors.required(path, 'one of datasetName and datasetUUID is required');
  else if (datasetName !== '' && datasetUUID !== '')
    errors.invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously');
  if (datasetName.includes('/')) errors.invalid(path.child('datasetName'), datasetName, "must not contain '/'");
}

function validateQuobyte(
  source: { registry: string; volume: string; tenant?: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const text = 'must be a host:port pair or multiple pairs separated by commas';
  if (source.registry === '') errors.required(path.child('registry'), text);
  else if (Buffer.byteLength(source.tenant ?? '') >= 65)
    errors.required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters');
  else if (!source.registry.split(',').every((pair) => /^(\[[^\]]*\]|[^:]*):[^:]*$/.test(pair)))
    errors.invalid(path.child('registry'), source.registry, text);
  if (source.volume === '') errors.required(path.child('volume'));
}

function validateScaleIo(
  source: { gateway: string; system: string; volumeName?: string; storageMode?: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  requireText(source, ['gateway', 'system', 'volumeName'], path, errors);
}

function validateStorageOs(
  source: { volumeName?: string; volumeNamespace?: string; secretRef?: { name?: string } },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { volumeName = '', volumeNamespace = '', secretRef } = source;
  if (volumeName === '') errors.required(path.child('volumeName'));
  else
    for (const message of checkDns1123Label(volumeName)) errors.invalid(path.child('volumeName'), volumeName, message);
  if (volumeNamespace !== '') {
    for (const message of checkDns1123Label(volumeNamespace))
      errors.invalid(path.child('volumeNamespace'), volumeNamespace, message);
  }
  if (secretRef && !secretRef.name) errors.required(path.child('secretRef', 'name'));
}

function validateGitRepo(
  source: { repository: string; directory?: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  requireText(source, ['repository'], path, errors);
  validateLocalPath(source.directory ?? '', path.child('directory'), errors);
}

function validatePartition(source: { partition?: number }, path: FieldPath, errors: FieldErrors): void {
  const { partition = 0 } = source;
  if (partition < 0 || partition > 255)
    errors.invalid(path.child('partition'), partition, 'must be between 0 and 255, inclusive');
}

/** One source: how it is called in objects and in errors, and its rule. */
export interface SourceRule {
  readonly field: string;
  /** The name in "more than one type" errors, where it is spelled otherwise. */
  readonly doubleName?: string;
  /** The name in its own errors, where it is spelled otherwise. */
  readonly ownName?: string;
  readonly validate: (source: object, path: FieldPath, errors: FieldErrors, volumeName: string) => void;
}

export function sourceRule<S extends object>(
  field: string,
  validate: (source: S, path: FieldPath, errors: FieldErrors, volumeName: string) => void,
  names: Pick<SourceRule, 'doubleName' | 'ownName'> = {},
): SourceRule {
  return {
    field,
    // Who looks the field up in an object gives what is there, and the schema has seen to what that is.
    validate: (source, path, errors, volumeName) => validate(source as S, path, errors, volumeName),
    ...names,
  };
}

/** In the order in which upstream looks at them. */
const sharedSources: readonly SourceRule[] = [
  sourceRule('gcePersistentDisk', (source: { pdName: string; partition?: number }, path, errors) => {
    requireText(source, ['pdName'], path, errors);
    validatePartition(source, path, errors);
  }),
  sourceRule('awsElasticBlockStore', (source: { volumeID: string; partition?: number }, path, errors) => {
    requireText(source, ['volumeID'], path, errors);
    validatePartition(source, path, errors);
  }),
  sourceRule('nfs', validateNfs),
  sourceRule('iscsi', validateIscsi),
  sourceRule('glusterfs', requires('endpoints', 'path')),
  sourceRule('flocker', validateFlocker),
  sourceRule('rbd', requires('monitors', 'image')),
  sourceRule('cephfs', requires('monitors'), { doubleName: 'cephFS' }),
  sourceRule('quobyte', validateQuobyte),
  sourceRule('cinder', (source: { volumeID: string; secretRef?: { name?: string } }, path, errors) => {
    requireText(source, ['volumeID'], path, errors);
    if (source.secretRef && !source.secretRef.name) errors.required(path.child('secretRef', 'name'));
  }),
  sourceRule('fc', validateFc),
  sourceRule('flexVolume', validateFlex),
  sourceRule('azureFile', requires('secretName', 'shareName')),
  sourceRule('vsphereVolume', requires('volumePath')),
  sourceRule('photonPersistentDisk', requires('pdID')),
  sourceRule('portworxVolume', requires('volumeID')),
  sourceRule('azureDisk', validateAzureDisk),
  sourceRule('storageos', validateStorageOs),
  sourceRule('scaleIO', validateScaleIo),
  sourceRule('gitRepo', validateGitRepo),
];

export const sharedSource = (field: string): SourceRule | undefined => sharedSources.find((one) => one.field === field);
