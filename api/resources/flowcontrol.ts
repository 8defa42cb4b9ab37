/** The resources of flowcontrol.apiserver.k8s.io. */

import { resource } from '../resource.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../types/flowcontrol/v1.ts';

export const flowSchemas = resource<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
});

export const priorityLevelConfigurations = resource<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  namespaced: false,
});
