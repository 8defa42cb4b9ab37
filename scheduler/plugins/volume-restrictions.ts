/** Disks that only one pod of a node may mount, and claims that only one pod of the cluster may use. */

import type { PersistentVolumeClaim, Volume } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ObjectCache } from '../../client/object-cache.ts';
import type { FilterPlugin, NodeFilter, Refusal } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';
import { claimsOf } from './volume-claims.ts';

type VolumeView = DeepReadonly<Volume>;

const name = 'VolumeRestrictions';
const diskTaken: Refusal = { plugin: name, reasons: ['node(s) had no available disk'], resolvable: true };
const claimTaken: Refusal = {
  plugin: name,
  reasons: [
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
  ],
  resolvable: true,
};

export function createVolumeRestrictions(claims: ObjectCache<PersistentVolumeClaim>): FilterPlugin {
  return {
    name,
    scope: 'cluster',
    eventsToRegister: ['node added', 'pod removed', 'claims'],

    prepareFilter(pod, snapshot): NodeFilter | Refusal | undefined {
      const disks = (pod.pod.spec.volumes ?? []).filter(isExclusive);
      const found = pod.claims.length === 0 ? [] : claimsOf(pod, claims);
      if (typeof found === 'string') return { plugin: name, reasons: [found], resolvable: false };
      const exclusive = found
        .filter(({ spec }) => spec?.accessModes?.includes('ReadWriteOncePod'))
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
      if (disks.length === 0 && exclusive.length === 0) return undefined;
      let users = countUsers(exclusive, snapshot);
      return {
        refuse(node) {
          if (hasConflict(disks, node)) return diskTaken;
          return users > 0 ? claimTaken : undefined;
        },
        count(other, _node, factor) {
          users += factor * exclusive.filter((key) => other.claims.includes(key)).length;
        },
      };
    },
  };
}

function countUsers(claims: readonly string[], snapshot: Snapshot): number {
  let users = 0;
  if (claims.length > 0) for (const node of snapshot.nodes()) for (const key of claims) users += node.usersOf(key);
  return users;
}

function hasConflict(disks: readonly VolumeView[], node: NodeInfo): boolean {
  if (disks.length === 0) return false;
  const clashes = ({ pod }: PodInfo): boolean =>
    (pod.spec.volumes ?? []).some((other) => disks.some((disk) => clash(disk, other)));
  return [...node.pods.values()].some(clashes);
}

const isExclusive = (volume: VolumeView): boolean =>
  Boolean(volume.gcePersistentDisk ?? volume.awsElasticBlockStore ?? volume.rbd ?? volume.iscsi);

/** The same disk, and not only to be read. */
function clash(a: VolumeView, b: VolumeView): boolean {
  if (a.gcePersistentDisk && b.gcePersistentDisk)
    return (
      a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName &&
      !areReadOnly(a.gcePersistentDisk, b.gcePersistentDisk)
    );
  if (a.awsElasticBlockStore && b.awsElasticBlockStore)
    return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID;
  if (a.iscsi && b.iscsi) return a.iscsi.iqn === b.iscsi.iqn && !areReadOnly(a.iscsi, b.iscsi);
  if (!a.rbd || !b.rbd) return false;
  const [{ monitors, image, pool = 'rbd' }, other] = [a.rbd, b.rbd];
  const isSame = image === other.image && pool === (other.pool ?? 'rbd');
  return isSame && monitors.some((monitor) => other.monitors.includes(monitor)) && !areReadOnly(a.rbd, other);
}

interface MaybeReadOnly {
  readonly readOnly?: boolean;
}
const areReadOnly = (a: MaybeReadOnly, b: MaybeReadOnly): boolean => a.readOnly === true && b.readOnly === true;
