/** What of a request is written down: the first rule that matches decides, as in upstream's `audit.k8s.io/v1` Policy. Pure. */

import type { RequestInfo, ResourceRequestInfo } from '../request/request-info.ts';
import type { User } from '../request/user.ts';

export const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type Level = (typeof levels)[number];

export const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type Stage = (typeof stages)[number];

/** Empty lists match everything. */
export interface PolicyRule {
  readonly level: Level;
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly resources: readonly GroupResources[];
  /** What has no namespace has the empty one. */
  readonly namespaces: readonly string[];
  readonly nonResourceURLs: readonly string[];
  readonly omitStages: readonly Stage[];
  /** Absent: as the policy says. */
  readonly omitManagedFields?: boolean | undefined;
}

export interface GroupResources {
  readonly group: string;
  /** `pods`, `pods/log`, all parts of pods (`pods/` and a star), that part of all (a star and `/scale`), or a star alone */
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

export interface AuditPolicy {
  readonly rules: readonly PolicyRule[];
  readonly omitStages: readonly Stage[];
  readonly omitManagedFields: boolean;
}

export interface Judgement {
  readonly level: Level;
  readonly omitStages: readonly Stage[];
  readonly omitManagedFields: boolean;
}

const none: Judgement = { level: 'None', omitStages: [], omitManagedFields: false };

export class PolicyJudge {
  readonly #rules: readonly { readonly rule: PolicyRule; readonly judgement: Judgement }[];

  constructor(policy: AuditPolicy) {
    this.#rules = policy.rules.map((rule) => ({
      rule,
      judgement: {
        level: rule.level,
        omitStages: [...policy.omitStages, ...rule.omitStages],
        omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields,
      },
    }));
  }

  /** What no rule is about is not written down. */
  judge(info: RequestInfo, user: User): Judgement {
    for (const { rule, judgement } of this.#rules) if (matches(rule, info, user)) return judgement;
    return none;
  }
}

function matches(rule: PolicyRule, info: RequestInfo, user: User): boolean {
  if (rule.users.length > 0 && !rule.users.includes(user.name)) return false;
  if (rule.userGroups.length > 0 && !rule.userGroups.some((group) => user.groups.includes(group))) return false;
  if (rule.verbs.length > 0 && !rule.verbs.includes(info.verb)) return false;
  if (rule.namespaces.length > 0 || rule.resources.length > 0) return info.isResource && matchesResource(rule, info);
  if (rule.nonResourceURLs.length === 0) return true;
  return !info.isResource && rule.nonResourceURLs.some((pattern) => matchesPath(pattern, info.path));
}

function matchesResource({ namespaces, resources }: PolicyRule, info: ResourceRequestInfo): boolean {
  if (namespaces.length > 0 && !namespaces.includes(info.namespace ?? '')) return false;
  if (resources.length === 0) return true;
  return resources.some((named) => {
    if (named.group !== info.group) return false;
    if (named.resources.length === 0) return true;
    if (named.resourceNames.length > 0 && !named.resourceNames.includes(info.name ?? '')) return false;
    return named.resources.some((pattern) => matchesName(pattern, info));
  });
}

function matchesName(pattern: string, { plural, subresource }: ResourceRequestInfo): boolean {
  const name = subresource === undefined ? plural : `${plural}/${subresource}`;
  if (pattern === '*' || pattern === name || pattern === `${plural}/*`) return true;
  return subresource !== undefined && pattern === `*/${subresource}`;
}

function matchesPath(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1));
}
