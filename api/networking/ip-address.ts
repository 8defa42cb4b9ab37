/** The kind IPAddress. */

import { defineKind } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const ipAddresses = defineKind<KubernetesObject>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  namespaced: false,
});
