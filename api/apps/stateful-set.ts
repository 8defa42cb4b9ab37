/** The kind StatefulSet. */

import type { StatefulSet } from 'kubernetes-types/apps/v1';
import { defineKind, scaleSubresource, statusSubresource } from '../define-kind.ts';

export const statefulSets = defineKind<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  subresources: [scaleSubresource, statusSubresource],
});
