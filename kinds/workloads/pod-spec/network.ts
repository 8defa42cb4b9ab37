/** DNS and names of a pod. */

import { checkIp } from '../../../api/net.ts';
import type { HostAlias, PodDNSConfig, PodSpec } from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkUnderscoredSubdomain } from '../../validation/names.ts';

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const maxNameservers = 3;
const maxSearchPaths = 32;
const maxSearchCharacters = 2048;
const maxHostname = 64;

export function validateDnsPolicy(policy: string, path: FieldPath, errors: FieldErrors): void {
  if (dnsPolicies.includes(policy)) return;
  if (policy === '') errors.required(path);
  else errors.notSupported(path, policy, dnsPolicies);
}

export function validateDnsConfig(
  config: PodDNSConfig | undefined,
  policy: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (policy === 'None') {
    if (!config) {
      errors.required(path, 'must provide `dnsConfig` when `dnsPolicy` is None');
      return;
    }
    if ((config.nameservers ?? []).length === 0)
      errors.required(path.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None');
  }
  if (!config) return;
  validateNameservers(config.nameservers ?? [], path.child('nameservers'), errors);
  validateSearches(config.searches ?? [], path.child('searches'), errors);
  for (const [index, { name = '' }] of (config.options ?? []).entries()) {
    if (name === '') errors.required(path.child('options').index(index), 'must not be empty');
  }
}

function validateNameservers(nameservers: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (nameservers.length > maxNameservers)
    errors.invalid(path, nameservers, `must not have more than ${maxNameservers} nameservers`);
  for (const [index, nameserver] of nameservers.entries()) {
    for (const message of checkIp(nameserver)) errors.invalid(path.index(index), nameserver, message);
  }
}

function validateSearches(searches: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (searches.length > maxSearchPaths)
    errors.invalid(path, searches, `must not have more than ${maxSearchPaths} search paths`);
  if (searches.join(' ').length > maxSearchCharacters) {
    const text = `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`;
    errors.invalid(path, searches, text);
  }
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue;
    // Search paths may end with a dot, and service names in them may hold underscores.
    const name = search.replace(/\.$/, '');
    for (const message of checkUnderscoredSubdomain(name)) errors.invalid(path.index(index), search, message);
  }
}

export function validateHostAliases(aliases: readonly HostAlias[], path: FieldPath, errors: FieldErrors): void {
  for (const [index, { ip, hostnames = [] }] of aliases.entries()) {
    const place = path.index(index);
    for (const message of checkIp(ip ?? '')) errors.invalid(place.child('ip'), ip, message);
    for (const [n, hostname] of hostnames.entries()) {
      for (const message of checkDns1123Subdomain(hostname))
        errors.invalid(place.child('hostnames').index(n), hostname, message);
    }
  }
}

export function validateHostnames(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const { hostname, subdomain, hostnameOverride } = spec;
  if (hostname)
    for (const message of checkDns1123Label(hostname)) errors.invalid(path.child('hostname'), hostname, message);
  if (subdomain)
    for (const message of checkDns1123Label(subdomain)) errors.invalid(path.child('subdomain'), subdomain, message);
  if (hostnameOverride === undefined) return;
  const place = path.child('hostnameOverride');
  if (spec.setHostnameAsFQDN) errors.forbidden(place, 'may not be specified when setHostnameAsFQDN is true');
  if (spec.hostNetwork) errors.forbidden(place, 'may not be specified when hostNetwork is true');
  if (hostnameOverride.length > maxHostname) errors.tooLong(place, maxHostname);
  for (const message of checkDns1123Subdomain(hostnameOverride)) errors.invalid(place, hostnameOverride, message);
}
