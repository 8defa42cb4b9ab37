/** What `auth reconcile` makes of a role or a binding: all that the file grants, and with flags nothing else. Pure. */

import { equalJson } from '../../../api/json-record.ts';
import type { PolicyRule, Subject } from '../../../api/types/rbac/v1.ts';

export interface Reconciliation<T> {
  readonly wanted: readonly T[];
  /** What is there and the file does not grant goes, too. */
  readonly removeExtra: boolean;
}

/** Rules that are there stay as they are; those of the file that they do not cover come behind them. */
export function reconciledRules(
  present: readonly PolicyRule[],
  { wanted, removeExtra }: Reconciliation<PolicyRule>,
): PolicyRule[] {
  const kept = removeExtra ? present.filter((rule) => isCovered(rule, wanted)) : [...present];
  return [...kept, ...wanted.filter((rule) => !isCovered(rule, kept))];
}

export function reconciledSubjects(
  present: readonly Subject[],
  { wanted, removeExtra }: Reconciliation<Subject>,
): Subject[] {
  const isIn = (subject: Subject, list: readonly Subject[]) =>
    list.some((one) => equalJson(identity(one), identity(subject)));
  const kept = removeExtra ? present.filter((one) => isIn(one, wanted)) : [...present];
  return [...kept, ...wanted.filter((one) => !isIn(one, kept))];
}

const identity = ({ kind, name, namespace = '' }: Subject): readonly string[] => [kind, name, namespace];

/** Whether each single right of the rule is granted by one of the rules. */
function isCovered(rule: PolicyRule, by: readonly PolicyRule[]): boolean {
  return singleRights(rule).every((right) => by.some((one) => grants(one, right)));
}

interface Right {
  readonly verb: string;
  readonly group?: string;
  readonly resource?: string;
  /** Undefined: of any name. */
  readonly name?: string | undefined;
  readonly url?: string;
}

function singleRights({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): Right[] {
  const names = resourceNames === undefined || resourceNames.length === 0 ? [undefined] : resourceNames;
  return verbs.flatMap((verb) => [
    ...(nonResourceURLs ?? []).map((url) => ({ verb, url })),
    ...(apiGroups ?? []).flatMap((group) =>
      (resources ?? []).flatMap((resource) => names.map((name) => ({ verb, group, resource, name }))),
    ),
  ]);
}

function grants(rule: PolicyRule, { verb, group, resource, name, url }: Right): boolean {
  if (!has(rule.verbs, verb)) return false;
  if (url !== undefined) return hasUrl(rule.nonResourceURLs ?? [], url);
  if (!has(rule.apiGroups, group ?? '') || !hasResource(rule.resources ?? [], resource ?? '')) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || (name !== undefined && names.includes(name));
}

const has = (list: readonly string[] | undefined, item: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(item));

/** `*` is any resource; `*` before a slash any resource with that part. */
const hasResource = (list: readonly string[], resource: string): boolean =>
  has(list, resource) || (resource.includes('/') && list.includes(`*/${resource.split('/')[1]}`));

const hasUrl = (list: readonly string[], url: string): boolean =>
  list.some((one) => one === url || (one.endsWith('*') && url.startsWith(one.slice(0, -1))));
