/** The kind VolumeAttributesClass. */

import { defineKind } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const volumeAttributesClasses = defineKind<KubernetesObject>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  shortNames: ['vac'],
  namespaced: false,
});

/** Held until neither a claim nor a volume names the class. */
export const attributesClassProtection = 'kubernetes.io/vac-protection';
