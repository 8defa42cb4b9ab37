/** What a PersistentVolumeClaim counts in a quota: itself and its storage, in all and by storage class. */

import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { one } from '../amounts.ts';
import { storageClassAnnotation } from '../labels.ts';
import { type Quantity, readQuantity, wholeUnits } from '../quantity.ts';
import type { PersistentVolumeClaim } from '../types/core/v1.ts';
import type { QuotaUsage } from './quota-usage.ts';
import { selectsName } from './scopes.ts';

const plainNames = ['persistentvolumeclaims', 'requests.storage'];
const classSuffix = '.storageclass.storage.k8s.io/';

export const claimUsage: QuotaUsage<PersistentVolumeClaim> = {
  resource: { group: '', plural: 'persistentvolumeclaims' },
  countsUpdates: {},
  isMatching: (name) =>
    name === 'count/persistentvolumeclaims' ||
    plainNames.includes(name) ||
    plainNames.some((plain) => name.endsWith(`${classSuffix}${plain}`)),
  usageOf(claim) {
    const usage = new Map<string, Quantity>([
      ['count/persistentvolumeclaims', one],
      ['persistentvolumeclaims', one],
    ]);
    const className = classOf(claim);
    if (className !== '') usage.set(`${className}${classSuffix}persistentvolumeclaims`, one);
    const storage = storageOf(claim);
    if (storage === undefined) return usage;
    usage.set('requests.storage', storage);
    if (className !== '') usage.set(`${className}${classSuffix}requests.storage`, storage);
    return usage;
  },
  isInScope: (requirement, claim) =>
    requirement.scopeName === 'VolumeAttributesClass' && selectsName(requirement, attributesClassesOf(claim)),
};

const classOf = ({ metadata, spec }: DeepReadonly<PersistentVolumeClaim>): string =>
  metadata?.annotations?.[storageClassAnnotation] ?? spec?.storageClassName ?? '';

/** While a volume shrinks back after a failed expansion, what was allocated counts. In whole bytes. */
function storageOf({ spec, status }: DeepReadonly<PersistentVolumeClaim>): Quantity | undefined {
  const asked = spec?.resources?.requests?.storage;
  if (asked === undefined) return undefined;
  const allocated = status?.allocatedResources?.storage;
  const all = [asked, ...(allocated === undefined ? [] : [allocated])].map((text) => readQuantity(text));
  const largest = all.reduce((a, b) => (b.nanos > a.nanos ? b : a));
  return { ...largest, nanos: wholeUnits(largest) * one.nanos };
}

/** All that it has, had or is on its way to. */
function attributesClassesOf({ spec, status }: DeepReadonly<PersistentVolumeClaim>): string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.flatMap((name) => (name ? [name] : [])))];
}
