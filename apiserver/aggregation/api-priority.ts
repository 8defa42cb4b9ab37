/**
 * Which group comes first where two have a resource of one name, and which version of a group clients prefer: what the
 * APIServices say that the server makes for its own groups. The figures are upstream's.
 */

import type { APIServiceSpec } from '../../api/types/apiregistration/v1.ts';

export type ApiPriority = Pick<APIServiceSpec, 'groupPriorityMinimum' | 'versionPriority'>;

const groupPriorities: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
  'storagemigration.k8s.io': 15_800,
};
const versionPriorities: Readonly<Record<string, number>> = {
  '/v1': 1,
  'autoscaling/v2': 30,
  'flowcontrol.apiserver.k8s.io/v1': 21,
};
const ofCustomResources: ApiPriority = { groupPriorityMinimum: 1000, versionPriority: 100 };

/** Of a version that this server serves. */
export function priorityOf(group: string, version: string): ApiPriority {
  const groupPriorityMinimum = Object.hasOwn(groupPriorities, group) ? groupPriorities[group] : undefined;
  if (groupPriorityMinimum === undefined) return ofCustomResources;
  const name = `${group}/${version}`;
  const known = Object.hasOwn(versionPriorities, name) ? versionPriorities[name] : undefined;
  return { groupPriorityMinimum, versionPriority: known ?? byStability(version) };
}

const byStability = (version: string): number => (version.includes('alpha') ? 1 : version.includes('beta') ? 9 : 15);
