/** The rules of roles: what one allows, and whether some rules allow all that others do. Pure. */

import type { PolicyRule } from '../../../api/types/rbac/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Action } from '../authorizer.ts';

export type Rule = DeepReadonly<PolicyRule>;

/** A list without entries may be stored as null. */
export function withoutNulls({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule): Rule {
  return {
    verbs: verbs ?? [],
    ...(apiGroups && { apiGroups }),
    ...(resources && { resources }),
    ...(resourceNames && { resourceNames }),
    ...(nonResourceURLs && { nonResourceURLs }),
  };
}

/** Whether the rule, for itself, allows the action. */
export function ruleAllows(rule: Rule, { verb, resource, path }: Omit<Action, 'user'>): boolean {
  if (!hasOrAll(rule.verbs, verb)) return false;
  if (resource === undefined) return (rule.nonResourceURLs ?? []).some((allowed) => isBelow(allowed, path));
  const { group, plural, subresource, name } = resource;
  return (
    hasOrAll(rule.apiGroups, group) &&
    resourcesInclude(rule.resources, plural, subresource) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(name ?? ''))
  );
}

const hasOrAll = (allowed: readonly string[] = [], asked: string): boolean =>
  allowed.includes(asked) || allowed.includes('*');

/** `pods/log` is allowed by itself, by `*` and by `*` + `/log`; never by `pods` or `pods/*`. */
function resourcesInclude(allowed: readonly string[] = [], plural: string, subresource: string | undefined): boolean {
  if (!subresource) return hasOrAll(allowed, plural);
  return hasOrAll(allowed, `${plural}/${subresource}`) || allowed.includes(`*/${subresource}`);
}

/** `/healthz/*` has all below it. Only an asterisk at the end means anything. */
function isBelow(allowed: string, path: string): boolean {
  return allowed === path || (allowed.endsWith('*') && path.startsWith(allowed.replace(/\*+$/, '')));
}

/**
 * A rule may stand for as many permissions as its lists multiply to. More than these are not looked at one by one: then
 * a rule counts as held only when one rule that is held has all of it.
 */
const maxComparisons = 1_000_000;

/** Which permissions of `wants` no rule of `holds` has: rules of one group, resource, verb and name each. */
export function missingRules(holds: readonly Rule[], wants: readonly Rule[]): readonly Rule[] {
  const [held, asked] = [holds.map(withoutNulls), wants.map(withoutNulls)];
  const open = asked.filter((rule) => !held.some((owned) => covers(owned, rule)));
  const permissions = open.reduce((sum, rule) => sum + permissionsOf(rule), 0);
  if (permissions * Math.max(held.length, 1) > maxComparisons) return open;
  return open.flatMap(splitRule).filter((rule) => !held.some((owned) => covers(owned, rule)));
}

function permissionsOf({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: Rule) {
  const named = apiGroups.length * resources.length * Math.max(resourceNames.length, 1);
  return verbs.length * (named + nonResourceURLs.length);
}

function splitRule({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: Rule): Rule[] {
  const names = resourceNames.length > 0 ? resourceNames.map((name) => ({ resourceNames: [name] })) : [{}];
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name) => ({ apiGroups: [group], resources: [resource], verbs: [verb], ...name })),
      ),
    ),
  );
  const ofPaths = nonResourceURLs.flatMap((path) => verbs.map((verb) => ({ nonResourceURLs: [path], verbs: [verb] })));
  return [...ofResources, ...ofPaths];
}

function covers(held: Rule, asked: Rule): boolean {
  return (
    coverAll(held.verbs, asked.verbs) &&
    coverAll(held.apiGroups, asked.apiGroups) &&
    coverResources(held.resources, asked.resources) &&
    coverNames(held.resourceNames, asked.resourceNames) &&
    (asked.nonResourceURLs ?? []).every((path) => (held.nonResourceURLs ?? []).some((owned) => isBelow(owned, path)))
  );
}

function coverAll(held: readonly string[] = [], asked: readonly string[] = []): boolean {
  return held.includes('*') || asked.every((one) => held.includes(one));
}

function coverResources(held: readonly string[] = [], asked: readonly string[] = []): boolean {
  if (held.includes('*')) return true;
  return asked.every((one) => {
    const slash = one.indexOf('/');
    return held.includes(one) || (slash >= 0 && held.includes(`*${one.slice(slash)}`));
  });
}

/** No names: all of them. */
function coverNames(held: readonly string[] = [], asked: readonly string[] = []): boolean {
  if (held.length === 0) return true;
  return asked.length > 0 && asked.every((name) => held.includes(name));
}

/** The same permissions in fewer rules: the verbs of one resource stand together. */
export function compactRules(rules: readonly Rule[]): readonly Rule[] {
  const rest: Rule[] = [];
  const simple = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const key = simpleKey(rule);
    const known = key === undefined ? undefined : simple.get(key);
    if (key === undefined) rest.push(rule);
    else if (known === undefined) simple.set(key, copyRule(rule));
    else known.verbs.push(...rule.verbs);
  }
  return [...rest, ...simple.values()];
}

/** Of rules that are about one resource, and one name of it at most. */
function simpleKey({ apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: Rule) {
  const isSimple =
    apiGroups.length === 1 && resources.length === 1 && resourceNames.length <= 1 && nonResourceURLs.length === 0;
  return isSimple ? JSON.stringify([apiGroups, resources, resourceNames]) : undefined;
}

/** One that may be changed. */
export const copyRule = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule): PolicyRule => ({
  verbs: [...verbs],
  ...(apiGroups && { apiGroups: [...apiGroups] }),
  ...(resources && { resources: [...resources] }),
  ...(resourceNames && { resourceNames: [...resourceNames] }),
  ...(nonResourceURLs && { nonResourceURLs: [...nonResourceURLs] }),
});

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`, as upstream's refusals name a rule. */
export function describeRule({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: Rule): string {
  const parts: readonly (readonly [name: string, values: readonly string[] | undefined])[] = [
    ['APIGroups', apiGroups],
    ['Resources', resources],
    ['NonResourceURLs', nonResourceURLs],
    ['ResourceNames', resourceNames],
    ['Verbs', verbs],
  ];
  const shown = parts.flatMap(([name, values]) => (values?.length ? [`${name}:${quotedList(values)}`] : []));
  return `{${shown.join(', ')}}`;
}

/** `["a" "b"]` */
export const quotedList = (values: readonly string[]): string =>
  `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
