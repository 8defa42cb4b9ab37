/** What a FlowSchema may say. */

import type { FlowSchema, FlowSchemaSpec, PolicyRulesWithSubjects } from '../../api/types/flowcontrol/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';
import { checkDns1123Subdomain } from '../validation/names.ts';
import { validateNonResourceRule, validateResourceRule } from './policy-rules.ts';
import { validateSubject } from './subjects.ts';

const specPath = FieldPath.of('spec');
const specDefinition = 'io.k8s.api.flowcontrol.v1.FlowSchemaSpec';
const highestPrecedence = 10_000;
const distinguisherMethods = ['ByNamespace', 'ByUser'];

/** Requests that no other schema matches must have a place: these two are what they are in every cluster. */
const mandatorySpecs: ReadonlyMap<string, FlowSchemaSpec> = new Map([
  ['exempt', matchingAll('exempt', 1, ['system:masters'])],
  [
    'catch-all',
    {
      ...matchingAll('catch-all', highestPrecedence, ['system:unauthenticated', 'system:authenticated']),
      distinguisherMethod: { type: 'ByUser' },
    },
  ],
]);

function matchingAll(level: string, matchingPrecedence: number, groups: readonly string[]): FlowSchemaSpec {
  return {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence,
    rules: [
      {
        subjects: groups.map((name) => ({ kind: 'Group', group: { name } })),
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      },
    ],
  };
}

export function validateFlowSchema({ metadata, spec }: FlowSchema, errors: FieldErrors): void {
  if (!spec) return;
  const { name = '' } = metadata ?? {};
  validateSpec(name, spec, errors);
  const mandatory = mandatorySpecs.get(name);
  if (mandatory && !isSemanticallyEqual(specDefinition, spec, mandatory))
    errors.invalid(specPath, shownSpec(spec), `spec of '${name}' must equal the fixed value`);
}

function validateSpec(name: string, spec: FlowSchemaSpec, errors: FieldErrors): void {
  validatePrecedence(name, spec.matchingPrecedence ?? 0, errors);
  const { distinguisherMethod: method } = spec;
  if (method && !distinguisherMethods.includes(method.type))
    errors.notSupported(
      specPath.child('distinguisherMethod', 'type'),
      { Type: method.type ?? '' },
      distinguisherMethods,
    );
  const level = spec.priorityLevelConfiguration?.name ?? '';
  const levelPath = specPath.child('priorityLevelConfiguration', 'name');
  if (level === '') errors.required(levelPath, 'must reference a priority level');
  else for (const message of checkDns1123Subdomain(level)) errors.invalid(levelPath, level, message);
  for (const [i, rule] of (spec.rules ?? []).entries()) validateRule(rule, specPath.child('rules').index(i), errors);
}

function validatePrecedence(name: string, precedence: number, errors: FieldErrors): void {
  const path = specPath.child('matchingPrecedence');
  if (precedence <= 0) errors.invalid(path, precedence, 'must be a positive value');
  if (precedence > highestPrecedence) errors.invalid(path, precedence, `must not be greater than ${highestPrecedence}`);
  if (precedence === 1 && name !== 'exempt')
    errors.invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
}

function validateRule(rule: PolicyRulesWithSubjects, path: FieldPath, errors: FieldErrors): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  if (subjects.length === 0) errors.required(path.child('subjects'), 'subjects must contain at least one value');
  for (const [i, subject] of subjects.entries()) validateSubject(subject, path.child('subjects').index(i), errors);
  if (resourceRules.length === 0 && nonResourceRules.length === 0)
    errors.required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty');
  for (const [i, one] of resourceRules.entries())
    validateResourceRule(one, path.child('resourceRules').index(i), errors);
  for (const [i, one] of nonResourceRules.entries())
    validateNonResourceRule(one, path.child('nonResourceRules').index(i), errors);
}

/** As Go shows its internal form: fields by their Go names, what is missing as `null`. */
function shownSpec({ priorityLevelConfiguration, matchingPrecedence, distinguisherMethod, rules }: FlowSchemaSpec) {
  return {
    PriorityLevelConfiguration: { Name: priorityLevelConfiguration?.name ?? '' },
    MatchingPrecedence: matchingPrecedence ?? 0,
    DistinguisherMethod: distinguisherMethod ? { Type: distinguisherMethod.type } : null,
    Rules: shownList(rules, shownRule),
  };
}

function shownRule({ subjects, resourceRules, nonResourceRules }: PolicyRulesWithSubjects) {
  return {
    Subjects: shownList(subjects, ({ kind, user, group, serviceAccount }) => ({
      Kind: kind,
      User: user ? { Name: user.name } : null,
      Group: group ? { Name: group.name } : null,
      ServiceAccount: serviceAccount ? { Namespace: serviceAccount.namespace, Name: serviceAccount.name } : null,
    })),
    ResourceRules: shownList(resourceRules, ({ verbs, apiGroups, resources, clusterScope, namespaces }) => ({
      Verbs: shownList(verbs, String),
      APIGroups: shownList(apiGroups, String),
      Resources: shownList(resources, String),
      ClusterScope: clusterScope ?? false,
      Namespaces: shownList(namespaces, String),
    })),
    NonResourceRules: shownList(nonResourceRules, ({ verbs, nonResourceURLs }) => ({
      Verbs: shownList(verbs, String),
      NonResourceURLs: shownList(nonResourceURLs, String),
    })),
  };
}

function shownList<T>(list: readonly T[] | undefined, shown: (item: T) => unknown): unknown[] | null {
  return list ? list.map((item) => shown(item)) : null;
}
