/** Which flow schema a request belongs to: the first, by precedence and name, of which a rule matches. Pure. */

import type {
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../api/types/flowcontrol/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { RequestInfo } from '../request/request-info.ts';
import type { User } from '../request/user.ts';

export interface Schema {
  readonly name: string;
  readonly uid: string;
  readonly spec: DeepReadonly<FlowSchemaSpec>;
}

type Rules = DeepReadonly<PolicyRulesWithSubjects>;

/** A schema with those of its rules that speak of one user. */
interface Candidate<T extends Schema> {
  readonly schema: T;
  readonly rules: readonly Rules[];
}

export class FlowClassifier<T extends Schema> {
  readonly #schemas: readonly T[];
  /** Requests of one connection share their user. */
  readonly #candidates = new WeakMap<User, readonly Candidate<T>[]>();

  constructor(schemas: Iterable<T>) {
    this.#schemas = [...schemas].sort(
      (a, b) => (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0) || compareText(a.name, b.name),
    );
  }

  classify(user: User, info: RequestInfo): T | undefined {
    let candidates = this.#candidates.get(user);
    if (candidates === undefined) {
      candidates = this.#candidatesFor(user);
      this.#candidates.set(user, candidates);
    }
    for (const { schema, rules } of candidates) if (rules.some((rule) => matchesRules(rule, info))) return schema;
    return undefined;
  }

  #candidatesFor(user: User): readonly Candidate<T>[] {
    return this.#schemas.flatMap((schema) => {
      const rules = (schema.spec.rules ?? []).filter(({ subjects }) =>
        subjects.some((subject) => matchesSubject(subject, user)),
      );
      return rules.length === 0 ? [] : { schema, rules };
    });
  }
}

/** What tells the flows of a schema apart. */
export function distinguisherOf({ distinguisherMethod }: Schema['spec'], user: User, info: RequestInfo): string {
  if (distinguisherMethod?.type === 'ByUser') return user.name;
  if (distinguisherMethod?.type === 'ByNamespace') return (info.isResource ? info.namespace : undefined) ?? '';
  return '';
}

const accountPrefix = 'system:serviceaccount:';

function matchesSubject({ kind, user: named, group, serviceAccount }: DeepReadonly<Subject>, user: User): boolean {
  if (kind === 'User') return named !== undefined && (named.name === '*' || named.name === user.name);
  if (kind === 'Group') return group !== undefined && (group.name === '*' || user.groups.includes(group.name));
  if (kind !== 'ServiceAccount' || serviceAccount === undefined) return false;
  const { namespace, name } = serviceAccount;
  const prefix = `${accountPrefix}${namespace}:`;
  return name === '*' ? user.name.startsWith(prefix) : user.name === prefix + name;
}

function matchesRules({ resourceRules = [], nonResourceRules = [] }: Rules, info: RequestInfo): boolean {
  if (!info.isResource) return nonResourceRules.some((rule) => matchesPath(rule, info.verb, info.path));
  return resourceRules.some((rule) => matchesResource(rule, info));
}

function matchesPath({ verbs, nonResourceURLs }: DeepReadonly<NonResourcePolicyRule>, verb: string, path: string) {
  if (!hasOrAll(verbs, verb)) return false;
  return nonResourceURLs.some((url) =>
    url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : path === url || path === `${url}/`,
  );
}

function matchesResource(
  { verbs, apiGroups, resources, namespaces = [], clusterScope = false }: DeepReadonly<ResourcePolicyRule>,
  { verb, group, plural, subresource, namespace }: RequestInfo & { readonly isResource: true },
): boolean {
  if (!hasOrAll(verbs, verb) || !hasOrAll(apiGroups, group)) return false;
  if (!hasOrAll(resources, subresource === undefined ? plural : `${plural}/${subresource}`)) return false;
  return namespace === undefined ? clusterScope : hasOrAll(namespaces, namespace);
}

const hasOrAll = (list: readonly string[], one: string): boolean => list.includes(one) || list.includes('*');
