/**
 * What the groups are called that pods are in, in the words of the engine and on the disk. Pure.
 *
 *   kubepods                          all pods: no more memory than the node has for them
 *   ├── pod<uid>                      a guaranteed one
 *   ├── burstable     └── pod<uid>
 *   └── besteffort    └── pod<uid>
 */

import type { QualityClass } from '../../api/pod-quality.ts';
import type { CgroupSupport } from '../runtime/runtime.ts';

export const levels = ['Burstable', 'BestEffort'] as const;

const levelNames: Readonly<Record<QualityClass, string>> = {
  Guaranteed: '',
  Burstable: 'burstable',
  BestEffort: 'besteffort',
};

/** Of all pods of a class; guaranteed ones are at the top. */
export const levelGroup = (support: CgroupSupport, quality: QualityClass): string =>
  below(support, support.top, levelNames[quality]);

/** As the engine is told it as the parent of a pod's containers. */
export const podGroup = (support: CgroupSupport, quality: QualityClass, uid: string): string =>
  below(support, levelGroup(support, quality), `pod${uid}`);

function below({ driver }: CgroupSupport, group: string, name: string): string {
  if (name === '') return group;
  // In a slice's name a dash means "below", so that none may be in a part of it.
  return driver === 'cgroupfs'
    ? `${group}/${name}`
    : `${group.slice(0, -'.slice'.length)}-${name.replaceAll('-', '_')}.slice`;
}

/** Where it lies below the root of a hierarchy: systemd puts `a-b.slice` into `a.slice`. */
export function folderOfGroup({ driver }: CgroupSupport, group: string): string {
  if (driver === 'cgroupfs') return group;
  const parts = group.slice(0, -'.slice'.length).split('-');
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}

/** The pod of a folder in a level's; undefined: it is not a pod's. */
export function uidOfFolder({ driver }: CgroupSupport, name: string): string | undefined {
  const own = driver === 'cgroupfs' ? /^pod([0-9A-Za-z-]+)$/ : /(?:^|-)pod([0-9A-Za-z_]+)\.slice$/;
  const uid = own.exec(name)?.[1];
  return driver === 'cgroupfs' ? uid : uid?.replaceAll('_', '-');
}
