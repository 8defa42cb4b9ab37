/** The resources of apiextensions.k8s.io. */

import { resource } from '../resource.ts';
import type { CustomResourceDefinition } from '../types/apiextensions/v1.ts';

export const customResourceDefinitions = resource<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});
