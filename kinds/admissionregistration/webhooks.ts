/** Defaults and rules of webhook configurations, mutating and validating alike. */

import type {
  MatchCondition,
  RuleWithOperations as OperationsOfRule,
  ServiceReference,
  ValidatingWebhook,
  WebhookClientConfig,
} from '../../api/types/admissionregistration/v1.ts';
import type { Environment } from '../../machinery/cel/environment.ts';
import { expressionProblem } from '../../machinery/cel/expression-problem.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { validateChoice } from '../validation/choice.ts';
import { validateLabelSelector } from '../validation/label-selector.ts';
import { checkDns1035Label, checkDns1123Subdomain, checkPortNumber, checkQualifiedName } from '../validation/names.ts';
import { admissionEnvironment } from './admission-environment.ts';

export interface Webhook extends Partial<Omit<ValidatingWebhook, 'rules'>> {
  rules?: RuleWithOperations[];
  reinvocationPolicy?: string;
}

/** The two halves are one object in JSON. */
export interface RuleWithOperations extends OperationsOfRule {
  resources?: string[];
  scope?: string;
}

export const failurePolicies = ['Fail', 'Ignore'];
export const matchPolicies = ['Equivalent', 'Exact'];
export const reinvocationPolicies = ['IfNeeded', 'Never'];
const sideEffects = ['None', 'NoneOnDryRun'];
const operations = ['*', 'CREATE', 'UPDATE', 'DELETE', 'CONNECT'];
const scopes = ['*', 'Cluster', 'Namespaced'];
const knownReviewVersions = ['v1', 'v1beta1'];
const maxMatchConditions = 64;
const urlForm = '; desired format: https://host[/path]';

export function setWebhookDefaults(webhooks: readonly Webhook[], isMutating: boolean): void {
  for (const webhook of webhooks) {
    webhook.failurePolicy ??= 'Fail';
    webhook.matchPolicy ??= 'Equivalent';
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= 10;
    if (isMutating) webhook.reinvocationPolicy ??= 'Never';
    const service: Partial<ServiceReference> | undefined = webhook.clientConfig?.service;
    if (service) service.port ??= 443;
    for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  }
}

/** `before`: the expressions of the stored object, which are not compiled again. */
export function validateWebhooks(
  webhooks: readonly Webhook[],
  errors: FieldErrors,
  before: ReadonlySet<string> = new Set(),
): void {
  const names = new Set<string>();
  for (const [i, webhook] of webhooks.entries()) {
    const path = FieldPath.of('webhooks').index(i);
    validateWebhook(webhook, path, errors, before);
    validateReviewVersions(webhook.admissionReviewVersions ?? [], path.child('admissionReviewVersions'), errors);
    const { name = '' } = webhook;
    if (name === '') continue;
    if (names.has(name)) errors.duplicate(path.child('name'), name);
    names.add(name);
  }
}

export function expressionsOf(webhooks: readonly Webhook[]): Set<string> {
  return new Set(webhooks.flatMap(({ matchConditions = [] }) => matchConditions.map(({ expression }) => expression)));
}

function validateWebhook(webhook: Webhook, path: FieldPath, errors: FieldErrors, before: ReadonlySet<string>): void {
  validateFullyQualifiedName(webhook.name ?? '', path.child('name'), errors);
  for (const [i, rule] of (webhook.rules ?? []).entries()) validateRule(rule, path.child('rules').index(i), errors);
  validateChoice(webhook.failurePolicy, failurePolicies, path.child('failurePolicy'), errors);
  validateChoice(webhook.matchPolicy, matchPolicies, path.child('matchPolicy'), errors);
  if (!webhook.sideEffects) errors.required(path.child('sideEffects'), `must specify one of ${sideEffects.join(', ')}`);
  else validateChoice(webhook.sideEffects, sideEffects, path.child('sideEffects'), errors);
  const { timeoutSeconds: timeout } = webhook;
  if (timeout !== undefined && (timeout < 1 || timeout > 30)) {
    errors.invalid(path.child('timeoutSeconds'), timeout, 'the timeout value must be between 1 and 30 seconds');
  }
  validateLabelSelector(webhook.namespaceSelector, path.child('namespaceSelector'), errors);
  validateLabelSelector(webhook.objectSelector, path.child('objectSelector'), errors);
  validateClientConfig(webhook.clientConfig ?? {}, path.child('clientConfig'), errors);
  validateMatchConditions(webhook.matchConditions ?? [], path.child('matchConditions'), errors, before);
  validateChoice(webhook.reinvocationPolicy, reinvocationPolicies, path.child('reinvocationPolicy'), errors);
}

function validateFullyQualifiedName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (name === '') {
    errors.required(path);
    return;
  }
  const wrong = checkDns1123Subdomain(name);
  for (const message of wrong) errors.invalid(path, name, message);
  if (wrong.length === 0 && name.split('.').length < 3) {
    errors.invalid(path, name, 'should be a domain with at least three segments separated by dots');
  }
}

function validateReviewVersions(versions: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (versions.length === 0) {
    errors.required(path, `must specify one of ${knownReviewVersions.join(', ')}`);
    return;
  }
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) {
      errors.invalid(path.index(i), version, 'duplicate version');
      continue;
    }
    seen.add(version);
    for (const message of checkDns1035Label(version)) errors.invalid(path.index(i), version, message);
  }
  if (!knownReviewVersions.some((version) => seen.has(version))) {
    errors.invalid(path, versions, `must include at least one of ${knownReviewVersions.join(', ')}`);
  }
}

export function validateRule(rule: RuleWithOperations, path: FieldPath, errors: FieldErrors): void {
  const asked = rule.operations ?? [];
  if (asked.length === 0) errors.required(path.child('operations'));
  if (asked.length > 1 && asked.includes('*')) {
    errors.invalid(path.child('operations'), asked, "if '*' is present, must not specify other operations");
  }
  for (const [i, operation] of asked.entries()) {
    if (!operations.includes(operation))
      errors.notSupported(path.child('operations').index(i), operation, [...operations].sort());
  }
  for (const field of ['apiGroups', 'apiVersions'] as const)
    validateRuleList(rule[field] ?? [], path.child(field), errors, field === 'apiVersions');
  validateResources(rule.resources ?? [], path.child('resources'), errors);
  validateChoice(rule.scope, scopes, path.child('scope'), errors);
}

function validateRuleList(
  values: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
  refusesEmpty: boolean,
): void {
  if (values.length === 0) errors.required(path);
  if (values.length > 1 && values.includes('*')) {
    const what = refusesEmpty ? 'API versions' : 'API groups';
    errors.invalid(path, values, `if '*' is present, must not specify other ${what}`);
  }
  if (!refusesEmpty) return;
  for (const [i, value] of values.entries()) if (value === '') errors.required(path.index(i));
}

function validateResources(resources: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (resources.length === 0) errors.required(path);
  const wildSubresources = new Set<string>();
  const wholeResources = new Set<string>();
  for (const [i, resource] of resources.entries()) {
    if (resource === '') {
      errors.required(path.index(i));
      continue;
    }
    const [name, subresource] = splitOnce(resource);
    if (wildSubresources.has(name) && subresource !== '*' && subresource !== '') {
      errors.invalid(path.index(i), resource, `if '${name}/*' is present, must not specify ${resource}`);
    }
    if (wholeResources.has(subresource) && name !== '*' && subresource !== '') {
      errors.invalid(path.index(i), resource, `if '*/${subresource}' is present, must not specify ${resource}`);
    }
    if (subresource === '*') {
      if (wildSubresources.has(name)) errors.duplicate(path.index(i), resource);
      wildSubresources.add(name);
    }
    if (name === '*') {
      if (wholeResources.has(subresource)) errors.duplicate(path.index(i), resource);
      wholeResources.add(subresource);
    }
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.invalid(path, resources, "if '*/*' is present, must not specify other resources");
  }
  if (resources.length > 1 && resources.includes('*') && resources.some((one) => !one.includes('/') && one !== '*')) {
    errors.invalid(path, resources, "if '*' is present, must not specify other resources without subresources");
  }
}

function splitOnce(resource: string): [string, string] {
  const slash = resource.indexOf('/');
  return slash < 0 ? [resource, ''] : [resource.slice(0, slash), resource.slice(slash + 1)];
}

function validateClientConfig({ url, service }: WebhookClientConfig, path: FieldPath, errors: FieldErrors): void {
  if ((url === undefined) === (service === undefined))
    errors.required(path, 'exactly one of url or service is required');
  else if (url !== undefined) validateWebhookUrl(url, path.child('url'), errors);
  else if (service !== undefined) validateWebhookService(service, path.child('service'), errors);
}

/** `scheme://user@host/path?query#fragment`, split as Go splits it: every part may be missing. */
const urlParts = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/;

export function validateWebhookUrl(url: string, path: FieldPath, errors: FieldErrors): void {
  if (url.startsWith(':')) {
    errors.required(path, `url must be a valid URL: parse ${JSON.stringify(url)}: missing protocol scheme${urlForm}`);
    return;
  }
  const [, scheme = '', authority = '', , query = '', fragment = ''] = urlParts.exec(url) ?? [];
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  if (scheme !== 'https') errors.invalid(path, scheme, `'https' is the only allowed URL scheme${urlForm}`);
  if (host === '') errors.invalid(path, host, `host must be specified${urlForm}`);
  if (at >= 0) errors.invalid(path, authority.slice(0, at), 'user information is not permitted in the URL');
  if (fragment !== '') errors.invalid(path, fragment, 'fragments are not permitted in the URL');
  if (query !== '') errors.invalid(path, query, 'query parameters are not permitted in the URL');
}

export function validateWebhookService(service: Partial<ServiceReference>, path: FieldPath, errors: FieldErrors): void {
  const { name = '', namespace = '', path: servicePath, port = 443 } = service;
  // Upstream hands the two over in the wrong order, so each is reported under the other's name.
  if (namespace === '') errors.required(path.child('name'));
  if (name === '') errors.required(path.child('namespace'));
  for (const message of checkPortNumber(port))
    errors.invalid(path.child('port'), port, `port is not valid: ${message}`);
  if (servicePath !== undefined) validateServicePath(servicePath, path.child('path'), errors);
}

function validateServicePath(text: string, path: FieldPath, errors: FieldErrors): void {
  if (text === '' || text === '/') return;
  if (text === '//') {
    errors.invalid(path, text, 'segment[0] may not be empty');
    return;
  }
  if (!text.startsWith('/')) errors.invalid(path, text, "must start with a '/'");
  // The first sign is taken for the leading slash, whatever it is.
  const segments = text.slice(1).replace(/\/$/, '').split('/');
  for (const [i, segment] of segments.entries()) {
    if (segment === '') errors.invalid(path, text, `segment[${i}] may not be empty`);
    else for (const message of checkDns1123Subdomain(segment)) errors.invalid(path, text, `segment[${i}]: ${message}`);
  }
}

export function validateMatchConditions(
  conditions: readonly MatchCondition[],
  path: FieldPath,
  errors: FieldErrors,
  before: ReadonlySet<string>,
  environment: Environment = admissionEnvironment(),
): void {
  if (conditions.length > maxMatchConditions) errors.tooMany(path, conditions.length, maxMatchConditions);
  const names = new Set<string>();
  for (const [i, { name = '', expression = '' }] of conditions.entries()) {
    const at = path.index(i);
    if (expression.trim() === '') errors.required(at.child('expression'));
    else if (!before.has(expression)) {
      const problem = expressionProblem(expression, environment, ['bool']);
      if (problem !== undefined) errors.invalid(at.child('expression'), expression, problem);
    }
    if (name === '') errors.required(at.child('name'));
    else for (const message of checkQualifiedName(name)) errors.invalid(at.child('name'), name, message);
    if (name !== '' && names.has(name)) errors.duplicate(at.child('name'), name);
    names.add(name);
  }
}
