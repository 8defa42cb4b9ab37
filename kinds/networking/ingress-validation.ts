/** What an Ingress must look like. */

import { checkIp, parseIp } from '../../api/net.ts';
import type {
  HTTPIngressPath,
  IngressBackend,
  IngressLoadBalancerStatus,
  IngressRule,
  IngressSpec,
  ServiceBackendPort,
} from '../../api/types/networking/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import {
  checkDns1123Subdomain,
  checkPortName,
  checkPortNumber,
  checkServiceName,
  checkWildcardDns1123Subdomain,
} from '../validation/names.ts';
import { validateTypedReference } from '../validation/reference.ts';

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const forbiddenInPaths = ['//', '/./', '/../', '%2f', '%2F'];
const forbiddenAtEnd = ['/..', '/.'];

export function validateIngressSpec(spec: IngressSpec, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  const { defaultBackend, rules = [], tls = [], ingressClassName } = spec;
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.invalid(path, null, 'either `defaultBackend` or `rules` must be specified');
  }
  if (defaultBackend !== undefined) validateBackend(defaultBackend, path.child('defaultBackend'), errors);
  for (const [i, rule] of rules.entries()) validateRule(rule, path.child('rules').index(i), errors);
  for (const [i, { hosts = [], secretName = '' }] of tls.entries()) {
    const at = path.child('tls').index(i);
    for (const [n, host] of hosts.entries()) validateHost(host, at.child('hosts').index(n), errors);
    if (secretName !== '')
      for (const message of checkDns1123Subdomain(secretName))
        errors.invalid(at.child('secretName'), secretName, message);
  }
  if (ingressClassName !== undefined) {
    for (const message of checkDns1123Subdomain(ingressClassName))
      errors.invalid(path.child('ingressClassName'), ingressClassName, message);
  }
}

function validateHost(host: string, path: FieldPath, errors: FieldErrors): void {
  const check = host.includes('*') ? checkWildcardDns1123Subdomain : checkDns1123Subdomain;
  for (const message of check(host)) errors.invalid(path, host, message);
}

function validateRule({ host = '', http }: IngressRule, path: FieldPath, errors: FieldErrors): void {
  if (host !== '') {
    if (parseIp(host)) errors.invalid(path.child('host'), host, 'must be a DNS name, not an IP address');
    validateHost(host, path.child('host'), errors);
  }
  if (!http) return;
  const paths = path.child('http', 'paths');
  if (!http.paths?.length) errors.required(paths);
  for (const [i, one] of (http.paths ?? []).entries()) validatePath(one, paths.index(i), errors);
}

function validatePath(one: HTTPIngressPath, at: FieldPath, errors: FieldErrors): void {
  const { path = '', pathType, backend } = one;
  if (pathType === undefined) errors.required(at.child('pathType'), 'pathType must be specified');
  else if (pathType === 'Exact' || pathType === 'Prefix') validateStrictPath(path, at.child('path'), errors);
  else if (pathType === 'ImplementationSpecific') {
    if (path !== '' && !path.startsWith('/')) errors.invalid(at.child('path'), path, 'must be an absolute path');
  } else errors.notSupported(at.child('pathType'), pathType, pathTypes);
  validateBackend(backend ?? {}, at.child('backend'), errors);
}

function validateStrictPath(path: string, at: FieldPath, errors: FieldErrors): void {
  if (!path.startsWith('/')) errors.invalid(at, path, 'must be an absolute path');
  if (path === '') return;
  for (const part of forbiddenInPaths) if (path.includes(part)) errors.invalid(at, path, `must not contain '${part}'`);
  for (const end of forbiddenAtEnd) if (path.endsWith(end)) errors.invalid(at, path, `cannot end with '${end}'`);
}

function validateBackend(backend: IngressBackend, path: FieldPath, errors: FieldErrors): void {
  const { resource, service } = backend;
  if (resource !== undefined && service !== undefined)
    errors.invalid(path, '', 'cannot set both resource and service backends');
  else if (resource !== undefined) validateTypedReference(resource, path.child('resource'), errors);
  else if (service !== undefined) {
    const { name = '', port = {} } = service;
    if (name === '') errors.required(path.child('service', 'name'));
    else for (const message of checkServiceName(name)) errors.invalid(path.child('service', 'name'), name, message);
    validateBackendPort(port, path, errors);
  } else errors.invalid(path, '', 'resource or service backend is required');
}

function validateBackendPort(
  { name = '', number = 0 }: ServiceBackendPort,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const hasName = name !== '';
  const hasNumber = number !== 0;
  if (hasName && hasNumber) errors.invalid(path, '', 'cannot set both port name & port number');
  else if (hasName) {
    for (const message of checkPortName(name)) errors.invalid(path.child('service', 'port', 'name'), name, message);
  } else if (hasNumber) {
    for (const message of checkPortNumber(number))
      errors.invalid(path.child('service', 'port', 'number'), number, message);
  } else errors.required(path, 'port name or number is required');
}

export function validateLoadBalancerStatus(status: IngressLoadBalancerStatus | undefined, errors: FieldErrors): void {
  for (const [i, { ip = '', hostname = '' }] of (status?.ingress ?? []).entries()) {
    const path = FieldPath.of('status', 'loadBalancer', 'ingress').index(i);
    if (ip !== '') for (const message of checkIp(ip)) errors.invalid(path.child('ip'), ip, message);
    if (hostname === '') continue;
    for (const message of checkDns1123Subdomain(hostname)) errors.invalid(path.child('hostname'), hostname, message);
    if (parseIp(hostname)) errors.invalid(path.child('hostname'), hostname, 'must be a DNS name, not an IP address');
  }
}
