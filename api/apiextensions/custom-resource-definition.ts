/** The kind CustomResourceDefinition. */

import type { CustomResourceDefinition } from 'kubernetes-types/apiextensions/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const customResourceDefinitions = defineKind<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  subresources: [statusSubresource],
});
