/** The kind ReplicaSet. */

import type { ReplicaSet } from 'kubernetes-types/apps/v1';
import { defineKind, scaleSubresource, statusSubresource } from '../define-kind.ts';

export const replicaSets = defineKind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  subresources: [scaleSubresource, statusSubresource],
});
