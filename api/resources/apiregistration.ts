/** The resources of apiregistration.k8s.io. */

import { resource } from '../resource.ts';
import type { APIService } from '../types/apiregistration/v1.ts';

export const apiServices = resource<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  namespaced: false,
});
