/** Which requests the rules of a webhook or policy mean: by operation, group, version, resource and scope. Pure. */

import type { Operation } from '../../registry/admission.ts';

/** As webhook configurations and policies have it. */
export interface Rule {
  readonly operations?: readonly string[] | undefined;
  readonly apiGroups?: readonly string[] | undefined;
  readonly apiVersions?: readonly string[] | undefined;
  /** `pods`, `pods/log`, `pods/*`, `*`, any resource’s `scale`, everything. */
  readonly resources?: readonly string[] | undefined;
  readonly scope?: string | undefined;
  /** Of policies. Empty: whatever the name. */
  readonly resourceNames?: readonly string[] | undefined;
}

export interface MatchedResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** A request, by one of the resources under which its object is served. */
export interface RuleSubject extends MatchedResource {
  readonly operation: Operation;
  /** Empty: the object itself. */
  readonly subresource: string;
  /** Empty: it is in none. */
  readonly namespace: string;
  readonly name: string;
}

export function matchesRule(rule: Rule, subject: RuleSubject): boolean {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], resourceNames = [] } = rule;
  return (
    matchesScope(rule.scope, subject) &&
    names(operations, subject.operation) &&
    names(apiGroups, subject.group) &&
    names(apiVersions, subject.version) &&
    resources.some((resource) => matchesResource(resource, subject)) &&
    (resourceNames.length === 0 || resourceNames.includes(subject.name))
  );
}

const names = (items: readonly string[], asked: string): boolean => items.includes('*') || items.includes(asked);

function matchesResource(text: string, { plural, subresource }: RuleSubject): boolean {
  const slash = text.indexOf('/');
  const [resource, part] = slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash + 1)];
  return (resource === '*' || resource === plural) && (part === '*' || part === subresource);
}

/** Namespaces are in no namespace, although their requests name one. */
function matchesScope(scope: string | undefined, subject: RuleSubject): boolean {
  if (scope === undefined || scope === '*') return true;
  const isClusterWide = isNamespace(subject) || subject.namespace === '';
  return scope === 'Cluster' ? isClusterWide : scope === 'Namespaced' && !isClusterWide;
}

export const isNamespace = ({ group, plural }: Pick<MatchedResource, 'group' | 'plural'>): boolean =>
  group === '' && plural === 'namespaces';
