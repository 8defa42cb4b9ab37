/** What the local provisioner does for a claim or a volume. Pure. */

import { own } from '../../api/json-record.ts';
import { hostnameLabel } from '../../api/labels.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../api/types/core/v1.ts';
import type { StorageClass } from '../../api/types/storage/v1.ts';
import { provisionedBy, selectedNode, storageProvisioner } from '../../api/volumes/annotations.ts';
import {
  localProvisioner,
  localVolumeFinalizer,
  localVolumeNameOf,
  localVolumesAnnotation,
} from '../../api/volumes/local-volumes.ts';
import { waitsForConsumer } from '../../api/volumes/storage-classes.ts';
import { requestOf } from '../../api/volumes/volume-matching.ts';
import type { Cached } from '../../client/object-cache.ts';

type Claim = Cached<PersistentVolumeClaim>;
type Volume = Cached<PersistentVolume>;

export type ProvisionPlan =
  | { readonly type: 'none' }
  | {
      readonly type: 'make';
      readonly name: string;
      readonly node: Cached<Node>;
      readonly storageClass: Cached<StorageClass>;
    }
  /** The scheduler is to choose another node. */
  | { readonly type: 'elsewhere'; readonly message: string }
  /** Until the claim or its class changes. */
  | { readonly type: 'refuse'; readonly message: string };

export interface ProvisionWorld {
  node(name: string): Cached<Node> | undefined;
  storageClass: Cached<StorageClass> | undefined;
}

export function planProvision(claim: Claim, { node: nodeOf, storageClass }: ProvisionWorld): ProvisionPlan {
  const annotations = claim.metadata.annotations ?? {};
  if (own(annotations, storageProvisioner) !== localProvisioner || storageClass?.provisioner !== localProvisioner)
    return { type: 'none' };
  if (claim.spec?.volumeName || claim.metadata.deletionTimestamp !== undefined) return { type: 'none' };
  const message = whyNotLocal(claim, storageClass);
  if (message !== undefined) return { type: 'refuse', message };
  const nodeName = own(annotations, selectedNode) || undefined;
  if (nodeName === undefined) return { type: 'none' };
  const node = nodeOf(nodeName);
  if (node === undefined) return { type: 'elsewhere', message: `node ${nodeName} is gone` };
  if (own(node.metadata.annotations ?? {}, localVolumesAnnotation) === undefined)
    return { type: 'elsewhere', message: `node ${nodeName} offers no local volumes` };
  return { type: 'make', name: localVolumeNameOf(claim.metadata.uid), node, storageClass };
}

const offered = ['ReadWriteOnce', 'ReadWriteOncePod'];

function whyNotLocal({ spec }: Claim, storageClass: Cached<StorageClass>): string | undefined {
  if (!waitsForConsumer(storageClass))
    return 'local volumes need a class with volumeBindingMode WaitForFirstConsumer: they are made on the node of the pod that uses them';
  if (spec?.volumeMode === 'Block') return 'local volumes are folders: volumeMode Block is not supported';
  if (spec?.dataSource !== undefined || spec?.dataSourceRef !== undefined)
    return 'local volumes start empty: a dataSource is not supported';
  if (spec?.selector !== undefined) return 'claim.spec.selector is not supported for volumes that are provisioned';
  const mode = spec?.accessModes?.find((one) => !offered.includes(one));
  return mode === undefined ? undefined : `local volumes are on one node: access mode ${mode} is not supported`;
}

/** `path`: where the node's kubelet has made it. */
export function volumeFor(
  claim: Claim,
  { name, node, storageClass }: Extract<ProvisionPlan, { type: 'make' }>,
  path: string,
): PersistentVolume {
  const { namespace, name: claimName, uid, resourceVersion } = claim.metadata;
  const hostname = own(node.metadata.labels ?? {}, hostnameLabel) ?? node.metadata.name;
  const onNode = { key: hostnameLabel, operator: 'In', values: [hostname] };
  return {
    metadata: { name, annotations: { [provisionedBy]: localProvisioner }, finalizers: [localVolumeFinalizer] },
    spec: {
      accessModes: [...(claim.spec?.accessModes ?? [])],
      capacity: { storage: requestOf(claim) },
      claimRef: {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: claimName, uid, resourceVersion },
        ...(namespace !== undefined && { namespace }),
      },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      volumeMode: 'Filesystem',
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
    },
  };
}

export type RemovalPlan =
  | { readonly type: 'none' }
  /** Nothing uses it: the object is asked to go, which the finalizer holds until the folder has. */
  | { readonly type: 'delete' }
  /** The object goes. `folder`: and what lies on the node with it. */
  | { readonly type: 'finish'; readonly folder: 'remove' | 'keep' };

export function planRemoval({ metadata, spec, status }: Volume): RemovalPlan {
  if (own(metadata.annotations ?? {}, provisionedBy) !== localProvisioner) return { type: 'none' };
  const isFree = status?.phase === 'Released' || status?.phase === 'Failed' || status?.phase === 'Available';
  const isDeleted = spec?.persistentVolumeReclaimPolicy === 'Delete';
  if (metadata.deletionTimestamp === undefined)
    return { type: isDeleted && isFree && status.phase !== 'Available' ? 'delete' : 'none' };
  if (!isFree || !metadata.finalizers?.includes(localVolumeFinalizer)) return { type: 'none' };
  return { type: 'finish', folder: isDeleted ? 'remove' : 'keep' };
}

/** The value of the node's label that the volume wants. */
export function hostnameOf({ spec }: Volume): string | undefined {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const wanted = terms
    .flatMap(({ matchExpressions = [] }) => matchExpressions)
    .find(({ key }) => key === hostnameLabel);
  return wanted?.values?.[0];
}
