/** The kind Service. */

import type { Service } from 'kubernetes-types/core/v1';
import { connectSubresource, defineKind, proxyVerbs, statusSubresource } from '../define-kind.ts';

export const services = defineKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: [connectSubresource('proxy', 'ServiceProxyOptions', proxyVerbs), statusSubresource],
  strategy: { answersDeletedObject: true },
});
