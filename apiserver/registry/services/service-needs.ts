/** Which addresses and ports a Service needs, and what an update keeps of what its previous version held. Pure. */

import type { ServicePort, ServiceSpec } from 'kubernetes-types/core/v1';
import { type FieldErrors, FieldPath } from '../../../api/field-errors.ts';
import { parseIp } from '../../../api/net.ts';
import { equalJson } from '../../../api/patch/record.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

type ReadSpec = DeepReadonly<ServiceSpec>;

export const isHeadless = (spec: ReadSpec): boolean => spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';

export const needsClusterIp = ({ type = 'ClusterIP' }: ReadSpec): boolean => type !== 'ExternalName';

/** May have ports on the nodes. */
export const hasNodePorts = ({ type }: ReadSpec): boolean => type === 'NodePort' || type === 'LoadBalancer';

/** Is given ports on the nodes where it asks for none in particular. */
export const allocatesNodePorts = ({ type, allocateLoadBalancerNodePorts }: ReadSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);

export const needsHealthCheckPort = ({ type, externalTrafficPolicy }: ReadSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

/** What clients leave out of an update although they do not mean to give it up. */
export function keepAllocated(next: ServiceSpec, previous: ReadSpec): void {
  if (needsClusterIp(next) && needsClusterIp(previous)) {
    if (!next.clusterIP && previous.clusterIP) next.clusterIP = previous.clusterIP;
    if (!next.clusterIPs?.length && next.clusterIP === previous.clusterIP && previous.clusterIPs)
      next.clusterIPs = [...previous.clusterIPs];
  }
  if (allocatesNodePorts(next) && allocatesNodePorts(previous)) keepNodePorts(next.ports ?? [], previous.ports ?? []);
  if (
    needsHealthCheckPort(next) &&
    needsHealthCheckPort(previous) &&
    !next.healthCheckNodePort &&
    previous.healthCheckNodePort
  ) {
    next.healthCheckNodePort = previous.healthCheckNodePort;
  }
}

/** A port keeps its node port as long as it keeps its name. */
function keepNodePorts(next: ServicePort[], previous: readonly DeepReadonly<ServicePort>[]): void {
  const byName = new Map(previous.map(({ name = '', nodePort }) => [name, nodePort]));
  const wanted = new Set(next.map(({ nodePort }) => nodePort));
  for (const port of next) {
    const former = byName.get(port.name ?? '');
    if (port.nodePort || !former || wanted.has(former)) continue;
    port.nodePort = former;
    wanted.add(former);
  }
}

/** `clusterIP` and the first of `clusterIPs` say the same; whoever changes one of them means both. */
export function alignClusterIps(next: ServiceSpec, previous: ReadSpec | undefined): void {
  if (previous === undefined) {
    if (next.clusterIP && !next.clusterIPs?.length) next.clusterIPs = [next.clusterIP];
    return;
  }
  if ((next.clusterIP ?? '') === (previous.clusterIP ?? '')) return;
  const isSameList = equalJson(next.clusterIPs ?? [], previous.clusterIPs ?? []);
  if (!isSameList) return;
  if (next.clusterIP) next.clusterIPs = [next.clusterIP];
  else delete next.clusterIPs;
}

const path = FieldPath.of('spec');
type Family = 'IPv4' | 'IPv6';
/** The cluster's only family: what addresses are given out of. */
const clusterFamily: Family = 'IPv4';

/**
 * Families and their policy, as they follow from the addresses and from what the cluster has. What the cluster cannot
 * give is an error, and then nothing more is filled in.
 */
export function completeFamilies(spec: ServiceSpec, previous: ReadSpec | undefined, errors: FieldErrors): void {
  if (!needsClusterIp(spec) || (previous && keepsBothIfPossible(spec, previous))) return;
  inferFamilies(spec, errors);
  if (!errors.empty) return;
  if (isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0) {
    completeOpenFamilies(spec);
    return;
  }
  refuseOtherFamilies(spec, errors);
  if (!errors.empty) return;
  if (!spec.ipFamilies?.length) spec.ipFamilies = [clusterFamily];
  const wantsBoth = spec.ipFamilies.length > 1 || (spec.clusterIPs?.length ?? 0) > 1;
  spec.ipFamilyPolicy ??= wantsBoth ? 'RequireDualStack' : 'SingleStack';
}

/** Whoever asks for one family only drops the second address and family with that. */
export function dropSecondFamily(next: ServiceSpec, previous: ReadSpec): void {
  const wasDual = previous.ipFamilyPolicy === 'RequireDualStack' || previous.ipFamilyPolicy === 'PreferDualStack';
  if (!wasDual || next.ipFamilyPolicy !== 'SingleStack') return;
  next.clusterIPs?.splice(1);
  next.ipFamilies?.splice(1);
}

/** Who prefers two families and changes nothing about that stays with what there was when it was made. */
function keepsBothIfPossible(next: ServiceSpec, previous: ReadSpec): boolean {
  const isPreferred = [next, previous].every(({ ipFamilyPolicy }) => ipFamilyPolicy === 'PreferDualStack');
  const isSame = (field: 'clusterIPs' | 'ipFamilies') => equalJson(next[field] ?? [], previous[field] ?? []);
  return isPreferred && next.type === previous.type && isSame('clusterIPs') && isSame('ipFamilies');
}

function inferFamilies(spec: ServiceSpec, errors: FieldErrors): void {
  const { clusterIPs = [], ipFamilies = [] } = spec;
  const inferred = [...ipFamilies];
  for (const [index, ip] of clusterIPs.entries()) {
    if (ip === 'None') break;
    if (index < ipFamilies.length) continue;
    const family = `IPv${parseIp(ip)?.family ?? 4}` as Family;
    if (family === clusterFamily) inferred.push(family);
    else
      errors.invalid(path.child('clusterIPs').index(index), clusterIPs, `${family} is not configured on this cluster`);
  }
  if (inferred.length > ipFamilies.length) spec.ipFamilies = inferred;
}

/** Without an address and without pods that we look for, the families are whatever the user says. */
function completeOpenFamilies(spec: ServiceSpec): void {
  spec.ipFamilyPolicy ??= 'RequireDualStack';
  if (!spec.ipFamilies?.length) spec.ipFamilies = [clusterFamily];
  if (spec.ipFamilyPolicy === 'SingleStack' || spec.ipFamilies.length > 1) return;
  spec.ipFamilies.push(spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4');
}

function refuseOtherFamilies({ ipFamilyPolicy, ipFamilies = [] }: ServiceSpec, errors: FieldErrors): void {
  if (ipFamilyPolicy === 'RequireDualStack') {
    const text = 'this cluster is not configured for dual-stack services';
    errors.invalid(path.child('ipFamilyPolicy'), ipFamilyPolicy, text);
  }
  for (const [index, family] of ipFamilies.entries()) {
    if (family !== clusterFamily)
      errors.invalid(path.child('ipFamilies').index(index), family, 'not configured on this cluster');
  }
}
