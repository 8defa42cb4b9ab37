/** The resources of the core group. */

import { resource } from '../resource.ts';
import type {
  Binding,
  ComponentStatus,
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '../types/core/v1.ts';

export const bindings = resource<Binding>({ group: '', version: 'v1', kind: 'Binding', plural: 'bindings' });

export const componentStatuses = resource<ComponentStatus>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  namespaced: false,
});

export const configMaps = resource<ConfigMap>({ group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps' });

export const endpoints = resource<Endpoints>({ group: '', version: 'v1', kind: 'Endpoints', plural: 'endpoints' });

export const events = resource<Event>({ group: '', version: 'v1', kind: 'Event', plural: 'events' });

export const limitRanges = resource<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
});

export const namespaces = resource<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
});

export const nodes = resource<Node>({ group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false });

export const persistentVolumeClaims = resource<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
});

export const persistentVolumes = resource<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
});

export const podTemplates = resource<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
});

export const pods = resource<Pod>({ group: '', version: 'v1', kind: 'Pod', plural: 'pods' });

export const replicationControllers = resource<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
});

export const resourceQuotas = resource<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
});

export const secrets = resource<Secret>({ group: '', version: 'v1', kind: 'Secret', plural: 'secrets' });

export const serviceAccounts = resource<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
});

export const services = resource<Service>({ group: '', version: 'v1', kind: 'Service', plural: 'services' });
