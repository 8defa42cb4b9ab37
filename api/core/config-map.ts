/** The kind ConfigMap. */

import type { ConfigMap } from 'kubernetes-types/core/v1';
import { defineKind } from '../define-kind.ts';

export const configMaps = defineKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
});
