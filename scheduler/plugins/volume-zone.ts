/** Volumes that are labelled with a zone or region are reached from nodes of the same only. */

import { goQuote } from '../../api/go-text.ts';
import { own } from '../../api/json-record.ts';
import { regionLabel, zoneLabel } from '../../api/labels.ts';
import { classOf, waitsForConsumer } from '../../api/volumes/storage-classes.ts';
import type { FilterPlugin, NodeFilter, Refusal } from '../framework.ts';
import type { PodInfo } from '../pod-info.ts';
import type { VolumeListers } from '../volume-listers.ts';
import { type Claim, claimsOf } from './volume-claims.ts';

const name = 'VolumeZone';
const otherZone: Refusal = { plugin: name, reasons: ['node(s) had no available volume zone'], resolvable: false };
const refused = (reason: string): Refusal => ({ plugin: name, reasons: [reason], resolvable: false });

/** Each label with the one that means the same. */
const topologyLabels: readonly (readonly [label: string, alias: string])[] = [
  [zoneLabel, 'failure-domain.beta.kubernetes.io/zone'],
  [regionLabel, 'failure-domain.beta.kubernetes.io/region'],
];
const allLabels = topologyLabels.flatMap(([label, alias]) => [
  [label, alias],
  [alias, label],
]);

interface Place {
  readonly labels: readonly string[];
  readonly values: readonly string[];
}

export function createVolumeZone(listers: Pick<VolumeListers, 'claims' | 'volumes' | 'classes'>): FilterPlugin {
  return {
    name,
    scope: 'cluster',
    eventsToRegister: ['node added', 'node labels', 'claims', 'volumes', 'storage classes'],

    prepareFilter(pod): NodeFilter | Refusal | undefined {
      if (pod.claims.length === 0) return undefined;
      const places = placesOf(pod, listers);
      if (typeof places === 'string') return refused(places);
      if (places.length === 0) return undefined;
      return {
        refuse({ labels }) {
          // A node that says nothing of where it is can be anywhere.
          if (!allLabels.some(([label = '']) => own(labels, label) !== undefined)) return undefined;
          return places.every((place) => isIn(place, labels)) ? undefined : otherZone;
        },
      };
    },
  };
}

function isIn({ labels, values }: Place, ofNode: Readonly<Record<string, string>>): boolean {
  const value = labels.map((label) => own(ofNode, label)).find((found) => found !== undefined);
  return value !== undefined && values.includes(value);
}

function placesOf(pod: PodInfo, listers: Pick<VolumeListers, 'claims' | 'volumes' | 'classes'>): Place[] | string {
  const claims = claimsOf(pod, listers.claims);
  if (typeof claims === 'string') return claims;
  const places: Place[] = [];
  for (const claim of claims) {
    const labels = labelsOf(claim, listers);
    if (typeof labels === 'string') return labels;
    for (const names of allLabels) {
      const value = own(labels, names[0] ?? '');
      if (value !== undefined) places.push({ labels: names, values: value.split('__').map((one) => one.trim()) });
    }
  }
  return places;
}

/** Of the claim's volume; none while it waits for a node. */
function labelsOf(
  claim: Claim,
  { volumes, classes }: Pick<VolumeListers, 'volumes' | 'classes'>,
): Readonly<Record<string, string>> | string {
  const volumeName = claim.spec?.volumeName;
  if (volumeName) {
    const volume = volumes.get(volumeName);
    return volume === undefined ? `persistentvolume ${goQuote(volumeName)} not found` : (volume.metadata.labels ?? {});
  }
  const className = classOf(claim);
  if (className === '') return 'PersistentVolumeClaim had no pv name and storageClass name';
  const storageClass = classes.get(className);
  if (storageClass === undefined) return `storageclass.storage.k8s.io ${goQuote(className)} not found`;
  return waitsForConsumer(storageClass) ? {} : 'PersistentVolume had no name';
}
