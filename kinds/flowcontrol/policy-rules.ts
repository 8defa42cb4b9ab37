/** Which requests a FlowSchema's rule is about. */

import type { NonResourcePolicyRule, ResourcePolicyRule } from '../../api/types/flowcontrol/v1.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkDns1123Label } from '../validation/names.ts';

const all = '*';
const knownVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

export function validateResourceRule(rule: ResourcePolicyRule, path: FieldPath, errors: FieldErrors): void {
  const { verbs = [], apiGroups = [], resources = [], namespaces = [], clusterScope = false } = rule;
  validateVerbs(verbs, path.child('verbs'), errors);
  const [groupsPath, resourcesPath] = [path.child('apiGroups'), path.child('resources')];
  if (apiGroups.length === 0) errors.required(groupsPath, 'resource rules must supply at least one api group');
  else validateWildcard(apiGroups, groupsPath, 'api groups', errors);
  if (resources.length === 0) errors.required(resourcesPath, 'resource rules must supply at least one resource');
  else validateWildcard(resources, resourcesPath, 'resources', errors);
  validateNamespaces(namespaces, clusterScope, path.child('namespaces'), errors);
}

export function validateNonResourceRule(rule: NonResourcePolicyRule, path: FieldPath, errors: FieldErrors): void {
  const { verbs = [], nonResourceURLs: urls = [] } = rule;
  validateVerbs(verbs, path.child('verbs'), errors);
  const at = path.child('nonResourceURLs');
  if (urls.length === 0) errors.required(at, 'nonResourceURLs must contain at least one value');
  if (validateWildcard(urls, at, 'non-resource URLs', errors)) return;
  for (const [i, url] of urls.entries()) {
    const message = problemOfUrl(url);
    if (message !== undefined) errors.invalid(at.index(i), url, message);
  }
}

/** Returns whether the list means everything; then it must mean nothing else. */
function validateWildcard(values: readonly string[], path: FieldPath, what: string, errors: FieldErrors): boolean {
  if (!values.includes(all)) return false;
  if (values.length > 1) errors.invalid(path, values, `if '*' is present, must not specify other ${what}`);
  return true;
}

function validateVerbs(verbs: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (verbs.length === 0) errors.required(path, 'verbs must contain at least one value');
  if (validateWildcard(verbs, path, 'verbs', errors)) return;
  if (verbs.some((verb) => !knownVerbs.includes(verb))) errors.notSupported(path, verbs, knownVerbs);
}

function validateNamespaces(
  namespaces: readonly string[],
  clusterScope: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (namespaces.length === 0 && !clusterScope)
    errors.required(path, 'resource rules that are not cluster scoped must supply at least one namespace');
  if (validateWildcard(namespaces, path, 'namespaces', errors)) return;
  for (const [i, namespace] of namespaces.entries()) {
    for (const message of checkDns1123Label(namespace))
      errors.invalid(path.index(i), namespace, `each member of this list must be '*' or a DNS-1123 label; ${message}`);
  }
}

/** A wildcard stands for the rest of a path, and only at its end. */
function problemOfUrl(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const wildcards = url.split(all).length - 1;
  if (wildcards > 1 || (wildcards === 1 && !url.endsWith('/*'))) return 'wildcard can only do suffix matching';
  return undefined;
}
