/** The kind ReplicationController. */

import type { ReplicationController } from 'kubernetes-types/core/v1';
import { defineKind, scaleSubresource, statusSubresource } from '../define-kind.ts';

export const replicationControllers = defineKind<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  subresources: [scaleSubresource, statusSubresource],
  strategy: { orphansDependents: true },
});
