/** The kind FlowSchema. */

import type { FlowSchema } from 'kubernetes-types/flowcontrol/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const flowSchemas = defineKind<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
  subresources: [statusSubresource],
});
