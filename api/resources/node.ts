/** The resources of node.k8s.io. */

import { resource } from '../resource.ts';
import type { RuntimeClass } from '../types/node/v1.ts';

export const runtimeClasses = resource<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
});
