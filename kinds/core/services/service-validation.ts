/** The rules for Services, in upstream's order. */

import { checkCidr, checkIp, parseIp } from '../../../api/net.ts';
import { isHeadless, needsHealthCheckPort } from '../../../api/services.ts';
import { checkSpecialIp } from '../../../api/special-ip.ts';
import type { LoadBalancerIngress, Service, ServicePort, ServiceSpec } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { validateLabels } from '../../validation/label-selector.ts';
import {
  checkDns1123Label,
  checkDns1123Subdomain,
  checkPortNumber,
  checkQualifiedName,
} from '../../validation/names.ts';
import { validatePort } from '../../workloads/pod-spec/handlers.ts';
import { isExternallyReachable } from './service-types.ts';

const path = FieldPath.of('spec');
const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const policies = ['Cluster', 'Local'];
const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'";
const maxStickySeconds = 86_400;
/** Every node makes rules of them: of each port with each address and each range of callers. */
const maxPorts = 1_000;
const maxExternalIps = 1_000;
const maxSourceRanges = 1_000;
const maxPortsTimesAddresses = 10_000;

export function validateService(service: Service, errors: FieldErrors): void {
  const spec = service.spec ?? {};
  if (!validateSizes(spec, errors)) return;
  if ((spec.ports ?? []).length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName')
    errors.required(path.child('ports'));
  validateTypeNeeds(spec, errors);
  validatePorts(spec, errors);
  validateLabels(spec.selector, path.child('selector'), errors);
  validateAffinity(spec, errors);
  validateClusterIps(spec, errors);
  for (const [index, ip] of (spec.externalIPs ?? []).entries()) {
    const place = path.child('externalIPs').index(index);
    const found = checkIp(ip);
    for (const message of found.length > 0 ? found : checkSpecialIp(ip)) errors.invalid(place, ip, message);
  }
  validateType(spec, errors);
  validatePortConflicts(spec, errors);
  validateSourceRanges(service, errors);
  validateLoadBalancer(spec, errors);
  validatePolicies(spec, errors);
}

/** False when it is too large for anything else to be said about it. */
function validateSizes(
  { ports = [], externalIPs = [], loadBalancerSourceRanges = [] }: ServiceSpec,
  errors: FieldErrors,
) {
  const sizes = [
    ['ports', ports.length, maxPorts],
    [
      'externalIPs',
      externalIPs.length,
      Math.min(maxExternalIps, Math.floor(maxPortsTimesAddresses / Math.max(1, ports.length))),
    ],
    ['loadBalancerSourceRanges', loadBalancerSourceRanges.length, maxSourceRanges],
  ] as const;
  const tooLarge = sizes.filter(([, size, max]) => size > max);
  for (const [name, size, max] of tooLarge) errors.tooMany(path.child(name), size, max);
  return tooLarge.length === 0;
}

function validateTypeNeeds(spec: ServiceSpec, errors: FieldErrors): void {
  const { type } = spec;
  if (type === 'ExternalName') validateExternalName(spec, errors);
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec))
    errors.invalid(path.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${type} services`);
}

function validateExternalName(spec: ServiceSpec, errors: FieldErrors): void {
  const text = 'may not be set for ExternalName services';
  if ((spec.clusterIPs ?? []).length > 0) errors.forbidden(path.child('clusterIPs'), text);
  if ((spec.ipFamilies ?? []).length > 0) errors.forbidden(path.child('ipFamilies'), text);
  if (spec.ipFamilyPolicy !== undefined) errors.forbidden(path.child('ipFamilyPolicy'), text);
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') errors.required(path.child('externalName'));
  else for (const message of checkDns1123Subdomain(name)) errors.invalid(path.child('externalName'), name, message);
}

function validatePorts(spec: ServiceSpec, errors: FieldErrors): void {
  const ports = spec.ports ?? [];
  const names = new Set<string>();
  for (const [index, port] of ports.entries())
    validateServicePort(port, { names, isNamed: ports.length > 1 }, path.child('ports').index(index), errors);
}

function validateServicePort(
  port: ServicePort,
  { names, isNamed }: { readonly names: Set<string>; readonly isNamed: boolean },
  place: FieldPath,
  errors: FieldErrors,
): void {
  const { name = '', protocol = '', appProtocol } = port;
  if (name === '' && isNamed) errors.required(place.child('name'));
  else if (name !== '') {
    for (const message of checkDns1123Label(name)) errors.invalid(place.child('name'), name, message);
    if (names.has(name)) errors.duplicate(place.child('name'), name);
    names.add(name);
  }
  for (const message of checkPortNumber(port.port)) errors.invalid(place.child('port'), port.port, message);
  if (protocol === '') errors.required(place.child('protocol'));
  else if (!protocols.includes(protocol)) errors.notSupported(place.child('protocol'), protocol, protocols);
  validatePort(port.targetPort ?? 0, place.child('targetPort'), errors);
  if (appProtocol !== undefined)
    for (const message of checkQualifiedName(appProtocol))
      errors.invalid(place.child('appProtocol'), appProtocol, message);
}

function validateAffinity({ sessionAffinity = '', sessionAffinityConfig }: ServiceSpec, errors: FieldErrors): void {
  const choices = ['ClientIP', 'None'];
  if (sessionAffinity === '') errors.required(path.child('sessionAffinity'));
  else if (!choices.includes(sessionAffinity))
    errors.notSupported(path.child('sessionAffinity'), sessionAffinity, choices);
  const place = path.child('sessionAffinityConfig');
  if (sessionAffinity === 'ClientIP') {
    const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 0;
    if (seconds <= 0 || seconds > maxStickySeconds) {
      const text = `must be greater than 0 and less than ${maxStickySeconds}`;
      errors.invalid(place.child('clientIP', 'timeoutSeconds'), seconds, text);
    }
  } else if (sessionAffinityConfig) errors.forbidden(place, 'must not be set when session affinity is None');
}

const families = ['IPv4', 'IPv6'];
const familyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** Addresses and families, as far as they can be judged without knowing the cluster. */
export function validateClusterIps(spec: ServiceSpec, errors: FieldErrors): void {
  if (spec.type === 'ExternalName') return;
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const place = path.child('clusterIPs');
  if (clusterIPs.length > 0 && clusterIP === '')
    errors.invalid(place, clusterIPs, 'must be empty when `clusterIP` is not specified');
  else if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP)
    errors.invalid(place, clusterIPs, 'first value must match `clusterIP`');
  for (const [index, family] of ipFamilies.entries()) {
    const at = path.child('ipFamilies').index(index);
    if (!families.includes(family)) errors.notSupported(at, family, families);
    if (ipFamilies.indexOf(family) < index) errors.duplicate(at, family);
  }
  if (ipFamilyPolicy !== undefined && !familyPolicies.includes(ipFamilyPolicy))
    errors.notSupported(path.child('ipFamilyPolicy'), ipFamilyPolicy, familyPolicies);
  if (!validateAddresses(clusterIPs, place, errors)) return;
  validateFamilies(spec, errors);
}

/** False when an address is none: then nothing is said about families. */
function validateAddresses(clusterIPs: readonly string[], place: FieldPath, errors: FieldErrors): boolean {
  let good = true;
  for (const [index, ip] of clusterIPs.entries()) {
    if (ip === 'None' && index === 0) {
      if (clusterIPs.length === 1) continue;
      errors.invalid(place, clusterIPs, "'None' must be the first and only value");
      good = false;
      continue;
    }
    for (const message of checkIp(ip)) {
      errors.invalid(place.index(index), ip, message);
      good = false;
    }
  }
  if (clusterIPs.length > 2) errors.invalid(place, clusterIPs, 'may only hold up to 2 values');
  return good;
}

function validateFamilies(spec: ServiceSpec, errors: FieldErrors): void {
  if (isHeadless(spec)) return;
  const { clusterIPs = [], ipFamilies = [] } = spec;
  const place = path.child('clusterIPs');
  const given = new Set(clusterIPs.map((ip) => parseIp(ip)?.family));
  if (clusterIPs.length > 1 && given.size === 1)
    errors.invalid(place, clusterIPs, 'may specify no more than one IP for each IP family');
  for (const [index, ip] of clusterIPs.entries()) {
    const family = ipFamilies[index];
    if (family === undefined || !families.includes(family)) return;
    if (`IPv${parseIp(ip)?.family}` !== family)
      errors.invalid(place.index(index), ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``);
  }
}

function validateType({ type = '', ports = [] }: ServiceSpec, errors: FieldErrors): void {
  if (type === '') errors.required(path.child('type'));
  else if (!types.includes(type)) errors.notSupported(path.child('type'), type, types);
  if (type !== 'ClusterIP') return;
  for (const [index, { nodePort }] of ports.entries()) {
    if (nodePort)
      errors.forbidden(
        path.child('ports').index(index).child('nodePort'),
        "may not be used when `type` is 'ClusterIP'",
      );
  }
}

/** One port of a protocol stands once, on the Service and on the nodes. */
function validatePortConflicts({ ports = [] }: ServiceSpec, errors: FieldErrors): void {
  const nodePorts = new Set<string>();
  for (const [index, { nodePort, protocol }] of ports.entries()) {
    if (!nodePort) continue;
    const key = `${protocol}/${nodePort}`;
    if (nodePorts.has(key)) errors.duplicate(path.child('ports').index(index).child('nodePort'), nodePort);
    nodePorts.add(key);
  }
  const seen = new Set<string>();
  for (const [index, { port, protocol }] of ports.entries()) {
    const key = `${protocol}/${port}`;
    if (seen.has(key)) {
      const shown = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
      errors.duplicate(path.child('ports').index(index), shown);
    }
    seen.add(key);
  }
}

const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';

function validateSourceRanges({ spec = {}, metadata }: Service, errors: FieldErrors): void {
  const ranges = spec.loadBalancerSourceRanges ?? [];
  // Upstream spells this path with a capital.
  const place = path.child('LoadBalancerSourceRanges');
  if (ranges.length > 0) {
    if (spec.type !== 'LoadBalancer') errors.forbidden(place, onlyLoadBalancer);
    for (const [index, range] of ranges.entries()) {
      for (const message of checkCidr(range.trim())) errors.invalid(place.index(index), range, message);
    }
    return;
  }
  const value = metadata?.annotations?.[rangesAnnotation];
  if (value === undefined) return;
  const at = FieldPath.of('metadata', 'annotations').key(rangesAnnotation);
  if (spec.type !== 'LoadBalancer') errors.forbidden(at, onlyLoadBalancer);
  for (const range of value.trim() === '' ? [] : value.trim().split(',')) {
    for (const message of checkCidr(range.trim())) errors.invalid(at, value, message);
  }
}

function validateLoadBalancer(spec: ServiceSpec, errors: FieldErrors): void {
  const isLoadBalancer = spec.type === 'LoadBalancer';
  const { allocateLoadBalancerNodePorts: allocates } = spec;
  if (isLoadBalancer && allocates === undefined) errors.required(path.child('allocateLoadBalancerNodePorts'));
  if (!isLoadBalancer && allocates !== undefined)
    errors.forbidden(path.child('allocateLoadBalancerNodePorts'), onlyLoadBalancer);
  validateClass(spec, errors);
}

function validateClass({ type, loadBalancerClass }: ServiceSpec, errors: FieldErrors): void {
  if (loadBalancerClass === undefined) return;
  if (type !== 'LoadBalancer') errors.forbidden(path.child('loadBalancerClass'), onlyLoadBalancer);
  else
    for (const message of checkQualifiedName(loadBalancerClass))
      errors.invalid(path.child('loadBalancerClass'), loadBalancerClass, message);
}

const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

function validatePolicies(spec: ServiceSpec, errors: FieldErrors): void {
  const { externalTrafficPolicy = '', internalTrafficPolicy, healthCheckNodePort = 0, trafficDistribution } = spec;
  const place = path.child('externalTrafficPolicy');
  if (isExternallyReachable(spec)) {
    if (externalTrafficPolicy === '') errors.required(place);
    else if (!policies.includes(externalTrafficPolicy)) errors.notSupported(place, externalTrafficPolicy, policies);
  } else if (externalTrafficPolicy !== '')
    errors.invalid(place, externalTrafficPolicy, 'may only be set for externally-accessible services');
  const healthPlace = path.child('healthCheckNodePort');
  if (needsHealthCheckPort(spec)) {
    if (healthCheckNodePort !== 0)
      for (const message of checkPortNumber(healthCheckNodePort))
        errors.invalid(healthPlace, healthCheckNodePort, message);
  } else if (healthCheckNodePort !== 0) {
    const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.invalid(healthPlace, healthCheckNodePort, text);
  }
  if (internalTrafficPolicy === undefined) {
    if (['ClusterIP', 'LoadBalancer', 'NodePort'].includes(spec.type ?? ''))
      errors.required(path.child('internalTrafficPolicy'));
  } else if (!policies.includes(internalTrafficPolicy))
    errors.notSupported(path.child('internalTrafficPolicy'), internalTrafficPolicy, policies);
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution))
    errors.notSupported(path.child('trafficDistribution'), trafficDistribution, distributions);
}

export function validateServiceUpdate(next: Service, previous: Service, errors: FieldErrors): void {
  const [spec, before] = [next.spec ?? {}, previous.spec ?? {}];
  validateKeptAddress(spec, before, errors);
  if (
    before.type === 'LoadBalancer' &&
    spec.type === 'LoadBalancer' &&
    spec.loadBalancerClass !== before.loadBalancerClass
  )
    errors.invalid(path.child('loadBalancerClass'), spec.loadBalancerClass ?? null, 'may not change once set');
  // Upstream asks this at an update and again with everything else.
  validateClass(spec, errors);
}

/** The first address and family stay as long as the Service has one; a second one may come and go. */
function validateKeptAddress(spec: ServiceSpec, before: ServiceSpec, errors: FieldErrors): void {
  if (spec.type === 'ExternalName' || before.type === 'ExternalName') return;
  const [isOpen, wasOpen] = [isHeadless(spec), isHeadless(before)];
  if (!isOpen || !wasOpen) validateKept('clusterIPs', 'clusterIP', spec, before, errors);
  if (!isOpen && !wasOpen) validateKept('ipFamilies', 'ipFamily', spec, before, errors);
}

function validateKept(
  list: 'clusterIPs' | 'ipFamilies',
  one: string,
  spec: ServiceSpec,
  before: ServiceSpec,
  errors: FieldErrors,
): void {
  const [now, old] = [spec[list] ?? [], before[list] ?? []];
  const place = path.child(list);
  const refuse = (index: number) => errors.invalid(place.index(index), now, 'may not change once set');
  if (now.length === old.length) {
    for (const [index, value] of old.entries()) if (now[index] !== value) refuse(list === 'clusterIPs' ? index : 0);
    return;
  }
  if (now.length === 0) errors.invalid(place.index(0), spec[list] ?? null, `primary ${one} can not be unset`);
  else if (old.length > 0 && now[0] !== old[0]) refuse(0);
  if (now.length !== 1 || old.length < 2 || spec.ipFamilyPolicy === 'SingleStack') return;
  const text = `must be set to 'SingleStack' when releasing the secondary ${one}`;
  errors.invalid(path.child('ipFamilyPolicy'), spec.ipFamilyPolicy ?? null, text);
}

export function validateServiceStatus({ spec, status }: Service, errors: FieldErrors): void {
  const place = FieldPath.of('status', 'loadBalancer', 'ingress');
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && spec?.type !== 'LoadBalancer') {
    errors.forbidden(place, "may only be used when `spec.type` is 'LoadBalancer'");
    return;
  }
  for (const [index, one] of ingress.entries()) validateIngress(one, place.index(index), errors);
}

const ipModes = ['Proxy', 'VIP'];

function validateIngress({ ip, hostname, ipMode }: LoadBalancerIngress, place: FieldPath, errors: FieldErrors): void {
  if (ip) {
    const found = checkIp(ip);
    // Every node takes what is sent to this address: it must not be one that each node has for itself.
    for (const message of found.length > 0 ? found : checkSpecialIp(ip)) errors.invalid(place.child('ip'), ip, message);
  }
  if (ip && ipMode === undefined) errors.required(place.child('ipMode'), 'must be specified when `ip` is set');
  else if (!ip && ipMode !== undefined)
    errors.forbidden(place.child('ipMode'), 'may not be specified when `ip` is not set');
  else if (ipMode !== undefined && !ipModes.includes(ipMode))
    errors.notSupported(place.child('ipMode'), ipMode, ipModes);
  if (!hostname) return;
  for (const message of checkDns1123Subdomain(hostname)) errors.invalid(place.child('hostname'), hostname, message);
  if (parseIp(hostname)) errors.invalid(place.child('hostname'), hostname, 'must be a DNS name, not an IP address');
}
