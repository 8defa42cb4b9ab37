/** The kind Deployment. */

import type { Deployment } from 'kubernetes-types/apps/v1';
import { defineKind, scaleSubresource, statusSubresource } from '../define-kind.ts';

export const deployments = defineKind<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: [scaleSubresource, statusSubresource],
});
