/** A driver attaches only so many volumes to a node as its CSINode says. */

import { classOf } from '../../api/volumes/storage-classes.ts';
import type { FilterPlugin, NodeFilter, Refusal } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { VolumeListers } from '../volume-listers.ts';

const name = 'NodeVolumeLimits';
const tooMany: Refusal = { plugin: name, reasons: ['node(s) exceed max volume count'], resolvable: true };

type Listers = Pick<VolumeListers, 'claims' | 'volumes' | 'classes' | 'csiNodes' | 'attachments'>;
/** What tells a volume from others → its driver. */
type DriverVolumes = Map<string, string>;

export function createNodeVolumeLimits(listers: Listers): FilterPlugin {
  return {
    name,
    scope: 'cluster',
    eventsToRegister: ['node added', 'pod removed', 'claims', 'drivers'],

    prepareFilter(pod): NodeFilter | undefined {
      if (pod.claims.length === 0) return undefined;
      const wanted = volumesOf(pod, listers, new Map());
      if (wanted.size === 0) return undefined;
      return { refuse: (node) => (isOverLimit(wanted, node, listers) ? tooMany : undefined) };
    },
  };
}

function isOverLimit(wanted: DriverVolumes, node: NodeInfo, listers: Listers): boolean {
  const limits = limitsOf(node.name, listers);
  if (limits.size === 0) return false;
  const all = new Map(wanted);
  for (const pod of node.pods.values()) volumesOf(pod, listers, all);
  addAttached(node.name, listers, all);
  const counts = new Map<string, number>();
  for (const driver of all.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1);
  return [...new Set(wanted.values())].some((driver) => (counts.get(driver) ?? 0) > (limits.get(driver) ?? Infinity));
}

function limitsOf(nodeName: string, { csiNodes }: Listers): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  for (const { name: driver, allocatable } of csiNodes.get(nodeName)?.spec.drivers ?? [])
    if (allocatable?.count !== undefined) limits.set(driver, allocatable.count);
  return limits;
}

/** Adds the pod's volumes of drivers to `into`. */
function volumesOf(pod: PodInfo, { claims, volumes, classes }: Listers, into: DriverVolumes): DriverVolumes {
  for (const key of pod.claims) {
    const claim = claims.get(key);
    if (claim === undefined) continue;
    const volume = volumes.get(claim.spec?.volumeName ?? '');
    if (volume === undefined) {
      const driver = classes.get(classOf(claim))?.provisioner;
      if (driver) into.set(`${driver}/${driver}-${key}`, driver);
    } else if (volume.spec?.csi) {
      const { driver, volumeHandle } = volume.spec.csi;
      into.set(`${driver}/${volumeHandle}`, driver);
    }
  }
  return into;
}

/** What is attached still, although no pod that is seen uses it. */
function addAttached(nodeName: string, { attachments, volumes }: Listers, into: DriverVolumes): void {
  for (const { spec } of attachments.byIndex('node', nodeName)) {
    const csi = volumes.get(spec.source.persistentVolumeName ?? '')?.spec?.csi;
    if (csi) into.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
  }
}
