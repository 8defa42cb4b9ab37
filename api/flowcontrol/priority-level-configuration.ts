/** The kind PriorityLevelConfiguration. */

import type { PriorityLevelConfiguration } from 'kubernetes-types/flowcontrol/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const priorityLevelConfigurations = defineKind<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  namespaced: false,
  subresources: [statusSubresource],
});
