/** Services. Their addresses and ports are allocated by the API server; here is what clients may say. */

import type { Stored } from '../../../api/object.ts';
import { services } from '../../../api/resources/core.ts';
import type { Service, ServiceSpec } from '../../../api/types/core/v1.ts';
import { ageColumn, formatLabels, nameColumn, textColumn } from '../../columns.ts';
import { connectSubresource, defineKind, statusSubresource } from '../../define-kind.ts';
import type { Strategy } from '../../kind.ts';
import { dropTypeDependentFields, isExternallyReachable } from './service-types.ts';
import { validateService, validateServiceStatus, validateServiceUpdate } from './service-validation.ts';

const stickySeconds = 10_800;

function setDefaults({ spec, status }: Service): void {
  if (!spec) return;
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= stickySeconds;
  }
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  if (isExternallyReachable(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (['ClusterIP', 'NodePort', 'LoadBalancer'].includes(spec.type)) spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
  }
}

const strategy: Strategy<Service> = {
  allowCreateOnUpdate: true,
  nameFormat: 'label',
  metadataOnUpdate: 'both',
  returnDeletedObject: true,
  setDefaults: (service) => setDefaults(service),
  prepareForCreate(service) {
    Object.assign(service, { status: { loadBalancer: {} } });
  },
  prepareForUpdate(next, previous, { subresource }) {
    if (subresource === 'status') Object.assign(next, { spec: previous.spec });
    else {
      // Whoever takes its addresses away does so later; nobody needs to see that.
      const kept = next.spec?.type === 'LoadBalancer' ? {} : { loadBalancer: {} };
      Object.assign(next, { status: { ...previous.status, ...kept } });
      if (next.spec && previous.spec) dropTypeDependentFields(next.spec, previous.spec);
    }
  },
  validate(service, errors, { subresource, isUpdate }) {
    if (subresource !== 'status' && !isUpdate) validateService(service, errors);
  },
  validateUpdate(next, previous, errors, { subresource }) {
    if (subresource === 'status') validateServiceStatus(next, errors);
    else {
      validateServiceUpdate(next, previous, errors);
      validateService(next, errors);
    }
  },
  warnings: (service) => warnings(service),
};

function warnings({ spec = {} }: Service): string[] {
  const found: string[] = [];
  if (spec.clusterIP === 'None') {
    if (spec.loadBalancerIP) found.push('spec.loadBalancerIP is ignored for headless services');
    if ((spec.externalIPs ?? []).length > 0) found.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') found.push('spec.SessionAffinity is ignored for headless services');
  }
  if ((spec.externalIPs ?? []).length > 0)
    found.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (spec.type !== 'ExternalName' && spec.externalName)
    found.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === 'PreferClose')
    found.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return found;
}

/** The addresses outside the cluster under which it is reached. */
function externalAddress({ spec = {}, status }: Stored<Service>): string {
  const external = spec.externalIPs ?? [];
  switch (spec.type) {
    case 'ExternalName':
      return spec.externalName ?? '<none>';
    case 'LoadBalancer': {
      const named = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
      const given = [...new Set(named)].sort();
      const all = [...given, ...external];
      return all.length > 0 ? all.join(',') : '<pending>';
    }
    default:
      return external.length > 0 ? external.join(',') : '<none>';
  }
}

const portsOf = ({ ports = [] }: ServiceSpec): string =>
  ports.map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`).join(',') ||
  '<none>';

export const serviceKind = defineKind(services, {
  shortNames: ['svc'],
  categories: ['all'],
  subresources: [connectSubresource('proxy', 'serviceProxy', 'ServiceProxyOptions'), statusSubresource],
  columns: [
    nameColumn,
    textColumn('Type', 'How it is reached.', ({ spec }) => spec?.type ?? ''),
    textColumn('Cluster-IP', 'Its address inside the cluster.', ({ spec }) => spec?.clusterIPs?.[0] || '<none>'),
    textColumn('External-IP', 'Its addresses outside the cluster.', (service) => externalAddress(service)),
    textColumn('Port(s)', 'Its ports, with those on the nodes.', ({ spec = {} }) => portsOf(spec)),
    ageColumn,
    textColumn('Selector', 'Labels of the pods behind it.', ({ spec }) => formatLabels(spec?.selector), 1),
  ],
  selectableFields: [
    { name: 'spec.clusterIP', value: ({ spec }) => spec?.clusterIP ?? '' },
    { name: 'spec.type', value: ({ spec }) => spec?.type ?? '' },
  ],
  strategy,
});
