/** Which addresses and ports a Service needs, and what an update keeps of what its previous version held. Pure. */

import { isDeepStrictEqual } from 'node:util';
import { equalJson } from '../../../api/json-record.ts';
import { parseIp } from '../../../api/net.ts';
import { needsClusterIp, needsHealthCheckPort } from '../../../api/services.ts';
import type { ServicePort, ServiceSpec } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { validateClusterIps } from '../../../kinds/core/services/service-validation.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';

type ReadSpec = DeepReadonly<ServiceSpec>;

/** Is given ports on the nodes where it asks for none in particular. */
export const allocatesNodePorts = ({ type, allocateLoadBalancerNodePorts }: ReadSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);

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
const policyPath = path.child('ipFamilyPolicy');
type Family = 'IPv4' | 'IPv6';
type Policy = NonNullable<ServiceSpec['ipFamilyPolicy']>;
/** The cluster's only family: what addresses are given out of. */
const clusterFamily: Family = 'IPv4';

/**
 * Families and their policy, as they follow from the addresses and from what the cluster has. What the cluster cannot
 * give is an error, and then nothing more is filled in.
 */
export function completeFamilies(spec: ServiceSpec, previous: ReadSpec | undefined, errors: FieldErrors): void {
  if (!needsClusterIp(spec) || (previous && keepsBothIfPossible(spec, previous))) return;
  spec.ipFamilyPolicy ??= previous?.ipFamilyPolicy ?? defaultPolicy(spec);
  validateClusterIps(spec, errors);
  if (!errors.empty) return;
  if (previous) followPolicy(spec, previous, errors);
  refuseTwoOfSingle(spec, errors);
  inferFamilies(spec, errors);
  if (!errors.empty) return;
  if (isOpenHeadless(spec)) {
    completeOpenFamilies(spec);
    return;
  }
  refuseOtherFamilies(spec, errors);
  if (!errors.empty) return;
  if (!spec.ipFamilies?.length) spec.ipFamilies = [clusterFamily];
}

/** Without an address, and without pods that we look for. */
const isOpenHeadless = (spec: ReadSpec): boolean =>
  spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;

const defaultPolicy = (spec: ReadSpec): Policy => (isOpenHeadless(spec) ? 'RequireDualStack' : 'SingleStack');

/** Whoever asks for one family only drops the second of what has not changed; whoever drops it must ask for that. */
function followPolicy(next: ServiceSpec, previous: ReadSpec, errors: FieldErrors): void {
  for (const [field, what] of seconds) {
    const now = next[field] ?? [];
    const before = previous[field] ?? [];
    if (next.ipFamilyPolicy === 'SingleStack') {
      if (isDeepStrictEqual(now, before)) next[field]?.splice(1);
    } else if (now.length > 0 && now.length < before.length) {
      errors.invalid(policyPath, next.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`);
    }
  }
}

const seconds = [
  ['clusterIPs', 'cluster IP'],
  ['ipFamilies', 'IP family'],
] as const;

function refuseTwoOfSingle({ ipFamilyPolicy, clusterIPs = [], ipFamilies = [] }: ServiceSpec, errors: FieldErrors) {
  if (ipFamilyPolicy !== 'SingleStack') return;
  const text = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
  if (clusterIPs.length === 2) errors.invalid(policyPath, ipFamilyPolicy, `${text} cluster IPs are specified`);
  if (ipFamilies.length === 2) errors.invalid(policyPath, ipFamilyPolicy, `${text} IP families are specified`);
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
    const family: Family = parseIp(ip)?.family === 6 ? 'IPv6' : 'IPv4';
    if (family === clusterFamily) inferred.push(family);
    else
      errors.invalid(path.child('clusterIPs').index(index), clusterIPs, `${family} is not configured on this cluster`);
  }
  if (inferred.length > ipFamilies.length) spec.ipFamilies = inferred;
}

/** The families are whatever the user says. */
function completeOpenFamilies(spec: ServiceSpec): void {
  if (!spec.ipFamilies?.length) spec.ipFamilies = [clusterFamily];
  if (spec.ipFamilyPolicy === 'SingleStack' || spec.ipFamilies.length > 1) return;
  spec.ipFamilies.push(spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4');
}

function refuseOtherFamilies({ ipFamilyPolicy, ipFamilies = [] }: ServiceSpec, errors: FieldErrors): void {
  if (ipFamilyPolicy === 'RequireDualStack') {
    const text = 'this cluster is not configured for dual-stack services';
    errors.invalid(policyPath, ipFamilyPolicy, text);
  }
  for (const [index, family] of ipFamilies.entries()) {
    if (family !== clusterFamily)
      errors.invalid(path.child('ipFamilies').index(index), family, 'not configured on this cluster');
  }
}
