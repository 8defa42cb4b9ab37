/** A pod's status as its kubelet writes it. */

import { checkIp, parseIp } from '../../../api/net.ts';
import type { ContainerStatus, Pod, PodStatus } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { checkDns1123Subdomain, checkQualifiedName } from '../../validation/names.ts';

const path = FieldPath.of('status');

/** The single address and the list of all say the same; where they differ, the single one counts. */
export function setPodAddresses({ status }: Pod): void {
  if (!status) return;
  const [first] = status.podIPs ?? [];
  if (status.podIP && status.podIP !== first?.ip) status.podIPs = [{ ip: status.podIP }];
  else if (first?.ip && !status.podIP) status.podIP = first.ip;
}

export function validatePodStatusUpdate(next: Pod, previous: Pod, errors: FieldErrors): void {
  const status = next.status ?? {};
  const before = previous.status ?? {};
  if (status.nominatedNodeName) {
    for (const message of checkDns1123Subdomain(status.nominatedNodeName))
      errors.invalid(path.child('nominatedNodeName'), status.nominatedNodeName, message);
  }
  if (before.qosClass && status.qosClass !== before.qosClass)
    errors.invalid(path.child('qosClass'), status.qosClass, 'field is immutable');
  validateConditions(status, errors);
  if (next.spec?.restartPolicy !== 'Always') {
    validateTransitions(status, before, 'containerStatuses', next, errors);
    validateTransitions(status, before, 'initContainerStatuses', next, errors);
  }
  validateAddresses(status, errors);
  validateExtendedClaims(next, status, errors);
  validateAllocated(next, status, errors);
}

function validateConditions(status: PodStatus, errors: FieldErrors): void {
  for (const [index, condition] of (status.conditions ?? []).entries()) {
    const place = path.child('conditions').index(index);
    for (const message of checkQualifiedName(condition.type))
      errors.invalid(place.child('Type'), condition.type, message);
    const { observedGeneration = 0 } = condition;
    if (observedGeneration < 0)
      errors.invalid(place.child('observedGeneration'), observedGeneration, 'must be a non-negative integer');
  }
  if ((status.observedGeneration ?? 0) < 0)
    errors.invalid(path.child('observedGeneration'), status.observedGeneration, 'must be a non-negative integer');
}

/** A container that has ended for good does not run again. */
function validateTransitions(
  status: PodStatus,
  before: PodStatus,
  field: 'containerStatuses' | 'initContainerStatuses',
  pod: Pod,
  errors: FieldErrors,
): void {
  const now = new Map((status[field] ?? []).map((one) => [one.name, one]));
  for (const [index, old] of (before[field] ?? []).entries()) {
    if (!old.state?.terminated || isRestartable(pod, field, old)) continue;
    if (old.state.terminated.exitCode !== 0 && pod.spec?.restartPolicy === 'OnFailure') continue;
    if (now.get(old.name)?.state?.terminated) continue;
    const place = path.child(field).index(index).child('state');
    errors.forbidden(place, 'may not be transitioned to non-terminated state');
  }
}

function isRestartable(pod: Pod, field: string, { name }: ContainerStatus): boolean {
  const list = field === 'initContainerStatuses' ? pod.spec?.initContainers : pod.spec?.containers;
  const container = list?.find((one) => one.name === name);
  return container?.restartPolicy === 'Always' || container?.restartPolicyRules !== undefined;
}

function validateAddresses(status: PodStatus, errors: FieldErrors): void {
  validateAddressList(status.podIPs ?? [], 'podIPs', errors);
  const hostIPs = status.hostIPs ?? [];
  if (hostIPs.length === 0) return;
  if (hostIPs[0]?.ip !== status.hostIP)
    errors.invalid(path.child('hostIPs').index(0).child('ip'), hostIPs[0]?.ip, 'must be equal to `hostIP`');
  validateAddressList(hostIPs, 'hostIPs', errors);
}

function validateAddressList(list: readonly { readonly ip?: string }[], field: string, errors: FieldErrors): void {
  const place = path.child(field);
  for (const [index, { ip = '' }] of list.entries()) {
    for (const message of checkIp(ip)) errors.invalid(place.index(index), ip, message);
  }
  if (list.length < 2) return;
  const families = list.map(({ ip = '' }) => parseIp(ip)?.family);
  const bad = families.indexOf(undefined);
  if (bad >= 0) {
    errors.add(
      'InternalError',
      place,
      `Internal error: failed to check for dual stack with error:invalid IP[${bad}]: ${list[bad]?.ip ?? ''}`,
    );
  }
  if (list.length > 2 || families[0] === families[1] || bad >= 0)
    errors.invalid(
      place,
      list.map(({ ip = '' }) => ({ IP: ip })),
      'may specify no more than one IP for each IP family',
    );
  const seen = new Set<string>();
  for (const [index, { ip = '' }] of list.entries()) {
    if (seen.has(ip)) errors.duplicate(place.index(index), { IP: ip });
    seen.add(ip);
  }
}

function validateExtendedClaims(
  pod: Pod,
  { extendedResourceClaimStatus: claims }: PodStatus,
  errors: FieldErrors,
): void {
  if (!claims) return;
  const place = path.child('extendedResourceClaimStatus');
  const mappings = claims.requestMappings ?? [];
  if (mappings.length === 0)
    errors.required(place.child('requestMappings'), 'at least one request mapping is required');
  const names = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(({ name }) => name);
  for (const [index, { containerName }] of mappings.entries()) {
    if (names.includes(containerName)) continue;
    errors.invalid(
      place.child('requestMappings').index(index).child('containerName'),
      containerName,
      'must match the name of an entry in spec.initContainers.name or spec.containers.name',
    );
  }
  if (claims.resourceClaimName === '') errors.required(place.child('resourceClaimName'));
  else
    for (const message of checkDns1123Subdomain(claims.resourceClaimName))
      errors.invalid(place.child('resourceClaimName'), claims.resourceClaimName, message);
}

function validateAllocated(pod: Pod, status: PodStatus, errors: FieldErrors): void {
  for (const field of ['initContainerStatuses', 'containerStatuses'] as const) {
    for (const [index, one] of (status[field] ?? []).entries()) {
      const list = field === 'containerStatuses' ? pod.spec?.containers : pod.spec?.initContainers;
      const container = list?.find(({ name }) => name === one.name);
      const place = path.child(field).index(index).child('allocatedResourcesStatus');
      for (const [n, { name }] of (one.allocatedResourcesStatus ?? []).entries()) {
        const claims = (container?.resources?.claims ?? []).map((claim) => claim.name);
        const claim = /^claim:([^/]*)/.exec(name)?.[1];
        if (claim !== undefined) {
          if (!claims.includes(claim)) {
            errors.invalid(
              place.index(n).child('name'),
              name,
              "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty",
            );
          }
        } else if (!Object.hasOwn(container?.resources?.requests ?? {}, name)) {
          errors.invalid(place.index(n).child('name'), name, "must match one of the container's resource requests");
        }
      }
    }
  }
}
