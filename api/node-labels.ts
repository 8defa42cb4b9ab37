/** Which labels a node may give itself: none by which others steer pods to trusted nodes. As upstream. Pure. */

import { compareText } from '../base/compare.ts';

type Labels = Readonly<Record<string, string>>;

/** What a kubelet knows of its machine. */
const ownLabels: readonly string[] = [
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
];
const ownPrefixes: readonly string[] = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const reservedPrefixes: readonly string[] = ['kubernetes.io', 'k8s.io'];
const restrictedPrefix = 'node-restriction.kubernetes.io';

/** In order. */
export function forbiddenChanges(next: Labels, previous: Labels): string[] {
  const keys = new Set([...Object.keys(next), ...Object.keys(previous)]);
  const changed = [...keys].filter((key) => labelIn(next, key) !== labelIn(previous, key));
  return changed.filter(isForbidden).sort((a, b) => compareText(a, b));
}

const labelIn = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;

function isForbidden(key: string): boolean {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? '' : key.slice(0, slash);
  if (isBelow(prefix, restrictedPrefix)) return true;
  const isReserved = reservedPrefixes.some((domain) => isBelow(prefix, domain));
  return isReserved && !ownLabels.includes(key) && !ownPrefixes.some((domain) => isBelow(prefix, domain));
}

const isBelow = (prefix: string, domain: string): boolean => prefix === domain || prefix.endsWith(`.${domain}`);
