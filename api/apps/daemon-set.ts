/** The kind DaemonSet. */

import type { DaemonSet } from 'kubernetes-types/apps/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const daemonSets = defineKind<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  subresources: [statusSubresource],
});
