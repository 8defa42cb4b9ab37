/** What a driver is told of a volume, as upstream's kubelet tells it. Pure. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { PersistentVolume } from '../../../api/types/core/v1.ts';
import type { CSIDriver } from '../../../api/types/storage/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { PodObject } from '../../model/pod.ts';
import type { ReadonlyVolume } from '../volume-plugin.ts';
import { accessMode } from './csi-messages.ts';

export type ReadonlyDriver = DeepReadonly<CSIDriver> | undefined;

interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
}

/** A volume of a driver, whichever way a pod has come to it. */
export interface CsiVolume {
  /** Of the pod's volume. */
  readonly volume: string;
  /** Of the PersistentVolume; of the pod's volume for one that lives as long as the pod. */
  readonly name: string;
  readonly driver: string;
  readonly handle: string;
  readonly isEphemeral: boolean;
  readonly readOnly: boolean;
  readonly fsType: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Of the PersistentVolume; the first one counts. */
  readonly accessModes: readonly string[];
  readonly mountOptions: readonly string[];
  readonly stageSecret?: SecretPlace | undefined;
  readonly publishSecret?: SecretPlace | undefined;
  readonly expandSecret?: SecretPlace | undefined;
}

/** Of a claim. Undefined: the volume is of another type. */
export function claimedCsiVolume(
  { name: volume, persistentVolumeClaim }: ReadonlyVolume,
  { metadata, spec }: DeepReadonly<PersistentVolume>,
): CsiVolume | undefined {
  const { csi } = spec ?? {};
  if (csi === undefined) return undefined;
  return {
    volume,
    name: metadata?.name ?? '',
    driver: csi.driver,
    handle: csi.volumeHandle,
    isEphemeral: false,
    readOnly: persistentVolumeClaim?.readOnly === true,
    fsType: csi.fsType ?? '',
    attributes: { ...csi.volumeAttributes },
    accessModes: spec?.accessModes ?? [],
    mountOptions: spec?.mountOptions ?? [],
    stageSecret: placeOf(csi.nodeStageSecretRef),
    publishSecret: placeOf(csi.nodePublishSecretRef),
    expandSecret: placeOf(csi.nodeExpandSecretRef),
  };
}

/** One that the pod itself describes. Undefined: the volume is of another type. */
export function inlineCsiVolume(pod: PodObject, { name, csi }: ReadonlyVolume): CsiVolume | undefined {
  if (!csi) return undefined;
  const { uid, namespace = 'default' } = pod.metadata;
  const secret = csi.nodePublishSecretRef?.name;
  return {
    volume: name,
    name,
    driver: csi.driver,
    handle: `csi-${createHash('sha256').update(`${uid}${name}`).digest('hex')}`,
    isEphemeral: true,
    readOnly: csi.readOnly === true,
    fsType: csi.fsType ?? '',
    attributes: { ...csi.volumeAttributes },
    accessModes: ['ReadWriteOnce'],
    mountOptions: [],
    publishSecret: secret ? { namespace, name: secret } : undefined,
  };
}

const placeOf = (ref: { readonly name?: string; readonly namespace?: string } | undefined): SecretPlace | undefined =>
  ref && { namespace: ref.namespace ?? '', name: ref.name ?? '' };

/** Throws an Error when the driver, as its object says, has no volumes of this kind. */
export function checkLifecycle({ isEphemeral, driver }: CsiVolume, object: ReadonlyDriver): void {
  const modes = object?.spec.volumeLifecycleModes ?? [];
  const supported = modes.length > 0 ? modes : ['Persistent'];
  const mode = isEphemeral ? 'Ephemeral' : 'Persistent';
  // Without an object the driver says nothing of claims, but volumes in pods it has to allow.
  if (supported.includes(mode)) return;
  throw new Error(
    `kubernetes.io/csi: volume mode "${mode}" not supported by driver ${driver} (only supports ${JSON.stringify(supported)})`,
  );
}

export const needsAttachment = ({ isEphemeral }: CsiVolume, object: ReadonlyDriver): boolean =>
  !isEphemeral && object?.spec.attachRequired !== false;

/** In a node's status, of those that are attached. */
export const reportedName = ({ driver, handle }: CsiVolume): string => `kubernetes.io/csi/${driver}^${handle}`;

/** The VolumeAttachment of the volume at a node. */
export const attachmentName = ({ driver, handle }: Pick<CsiVolume, 'driver' | 'handle'>, nodeName: string): string =>
  `csi-${createHash('sha256').update(`${handle}${driver}${nodeName}`).digest('hex')}`;

/** `tellsSingleWriters`: the driver knows one writer at a node from many. */
export function computeAccessMode([mode = 'ReadWriteOnce']: readonly string[], tellsSingleWriters: boolean): number {
  switch (mode) {
    case 'ReadOnlyMany':
      return accessMode.multiNodeReaderOnly;
    case 'ReadWriteMany':
      return accessMode.multiNodeMultiWriter;
    case 'ReadWriteOncePod':
      return tellsSingleWriters ? accessMode.singleNodeSingleWriter : accessMode.singleNodeWriter;
    default:
      return tellsSingleWriters ? accessMode.singleNodeMultiWriter : accessMode.singleNodeWriter;
  }
}

const contextPrefix = 'csi.storage.k8s.io';

/** Who the pod is, for a driver that asks for it. */
export function computePodInfo(pod: PodObject, { isEphemeral }: CsiVolume): Readonly<Record<string, string>> {
  const { name, namespace = '', uid } = pod.metadata;
  return {
    [`${contextPrefix}/pod.name`]: name,
    [`${contextPrefix}/pod.namespace`]: namespace,
    [`${contextPrefix}/pod.uid`]: uid,
    [`${contextPrefix}/serviceAccount.name`]: pod.spec?.serviceAccountName ?? '',
    [`${contextPrefix}/ephemeral`]: String(isEphemeral),
  };
}

/** Where tokens of the pod's account are, as JSON by audience. */
export const tokensKey = `${contextPrefix}/serviceAccount.tokens`;

/** Whether the kubelet gives the volume's files to the pod's group, as the driver's object has it. */
export function mayChangeGroup(volume: CsiVolume, object: ReadonlyDriver): boolean {
  if (volume.readOnly) return false;
  switch (object?.spec.fsGroupPolicy ?? 'ReadWriteOnceWithFSType') {
    case 'File':
      return true;
    case 'None':
      return false;
    default:
      return (
        volume.fsType !== '' &&
        volume.accessModes.some((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod')
      );
  }
}

/** Where drivers mount, below the folder that they see as well as the kubelet: as upstream lays it out. */
export function stagingPathOf(root: string, { driver, handle }: Pick<CsiVolume, 'driver' | 'handle'>): string {
  const digest = createHash('sha256').update(handle).digest('hex');
  return join(root, 'plugins', 'kubernetes.io', 'csi', driver, digest, 'globalmount');
}

export const targetPathOf = (root: string, podUid: string, name: string): string =>
  join(root, 'pods', podUid, 'volumes', 'kubernetes.io~csi', name, 'mount');
