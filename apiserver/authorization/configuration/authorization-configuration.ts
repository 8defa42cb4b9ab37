/**
 * The file of `--authorization-config`: AuthorizationConfiguration of apiserver.config.k8s.io. What is wrong with it is
 * said by field, all of it at once, in upstream's words. Pure.
 */

import { isAbsolute } from 'node:path';
import { load } from 'js-yaml';
import { isRecord } from '../../../api/json-record.ts';
import { parseDurationMs } from '../../../base/duration.ts';
import { errorText } from '../../../base/error-text.ts';
import { checkDns1123Subdomain } from '../../../kinds/validation/names.ts';
import { compileJsonExpression } from '../../../machinery/cel/json-expression.ts';
import { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { type FieldsOf, readFields } from '../../configuration/configuration-fields.ts';
import {
  type AuthorizerSetting,
  builtInTypes,
  isBuiltIn,
  type MatchCondition,
  type WebhookConnection,
  type WebhookSetting,
} from './authorizer-setting.ts';
import { reviewEnvironment } from './review-environment.ts';

const versions = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`);
const knownTypes: readonly string[] = [...builtInTypes, 'Webhook'].toSorted();
const maxTimeoutMs = 30_000;
const maxConditions = 64;

/** Throws an Error with all that is wrong. */
export function parseAuthorizationConfiguration(text: string): readonly AuthorizerSetting[] {
  const document = load(text);
  if (!isRecord(document)) throw new Error('it is no AuthorizationConfiguration');
  const { apiVersion, kind } = document;
  if (kind !== 'AuthorizationConfiguration' || typeof apiVersion !== 'string' || !versions.includes(apiVersion))
    throw new Error(`no kind "${String(kind)}" is registered for version "${String(apiVersion)}"`);
  const errors = new FieldErrors();
  const fields = readFields(document, { path: FieldPath.root, errors });
  fields.allow('apiVersion', 'kind', 'authorizers');
  const authorizers = fields.list('authorizers');
  if (authorizers.length === 0)
    errors.required(FieldPath.of('authorizers'), 'at least one authorization mode must be defined');
  const seen = { types: new Set<string>(), names: new Set<string>() };
  const settings = authorizers.flatMap((one) => readAuthorizer(one, seen) ?? []);
  if (!errors.empty) throw new Error(errors.list.map(({ field, message }) => `${field}: ${message}`).join('; '));
  return settings;
}

interface Seen {
  readonly types: Set<string>;
  readonly names: Set<string>;
}

/** undefined: it cannot be, which is noted. */
function readAuthorizer(fields: FieldsOf, seen: Seen): AuthorizerSetting | undefined {
  const { path, errors } = fields;
  fields.allow('type', 'name', 'webhook');
  const type = fields.requiredText('type');
  if (type === '') return undefined;
  if (!knownTypes.includes(type)) {
    errors.notSupported(path.child('type'), type, knownTypes);
    return undefined;
  }
  if (seen.types.has(type) && type !== 'Webhook') {
    errors.duplicate(path.child('type'), type);
    return undefined;
  }
  seen.types.add(type);
  const name = readName(fields, seen);
  const webhook = fields.record('webhook');
  if (isBuiltIn(type)) {
    if (webhook !== undefined)
      errors.invalid(path.child('webhook'), 'non-null', 'may only be specified when type=Webhook');
    return { type, name };
  }
  if (webhook !== undefined) return { type: 'Webhook', name, webhook: readWebhook(webhook) };
  errors.required(path.child('webhook'), 'required when type=Webhook');
  return undefined;
}

function readName(fields: FieldsOf, { names }: Seen): string {
  const { path, errors } = fields;
  const name = fields.requiredText('name');
  if (name === '') return name;
  const wrong = checkDns1123Subdomain(name);
  if (names.has(name)) errors.duplicate(path.child('name'), name);
  else if (wrong.length > 0)
    errors.invalid(path.child('name'), name, `authorizer name is invalid: ${wrong.join(', ')}`);
  names.add(name);
  return name;
}

function readWebhook(fields: FieldsOf): WebhookSetting {
  fields.allow(
    ...['timeout', 'authorizedTTL', 'unauthorizedTTL', 'cacheAuthorizedRequests', 'cacheUnauthorizedRequests'],
    ...['failurePolicy', 'subjectAccessReviewVersion', 'matchConditionSubjectAccessReviewVersion'],
    ...['connectionInfo', 'matchConditions'],
  );
  const timeoutMs = readDuration(fields, 'timeout');
  if (timeoutMs === undefined) fields.errors.required(fields.path.child('timeout'));
  else if (timeoutMs <= 0 || timeoutMs > maxTimeoutMs)
    fields.errors.invalid(fields.path.child('timeout'), fields.text('timeout'), 'must be > 0s and <= 30s');
  const matchConditions = readConditions(fields);
  const version = readChoice(fields, 'matchConditionSubjectAccessReviewVersion', ['v1'], 'v1');
  if (version === undefined && fields.list('matchConditions').length > 0)
    fields.errors.required(
      fields.path.child('matchConditionSubjectAccessReviewVersion'),
      'required if match conditions are specified',
    );
  return {
    timeoutMs: timeoutMs ?? 0,
    authorizedTtlMs: readTtl(fields, 'authorizedTTL', 300_000, 'cacheAuthorizedRequests'),
    unauthorizedTtlMs: readTtl(fields, 'unauthorizedTTL', 30_000, 'cacheUnauthorizedRequests'),
    failurePolicy: readRequiredChoice(fields, 'failurePolicy', ['NoOpinion', 'Deny']),
    subjectAccessReviewVersion: readRequiredChoice(fields, 'subjectAccessReviewVersion', ['v1', 'v1beta1']),
    connection: readConnection(fields),
    matchConditions,
  };
}

/** undefined: nothing is said of it, or nothing that could be read. */
function readDuration(fields: FieldsOf, name: string): number | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const ms = parseDurationMs(text);
  if (ms === undefined) fields.errors.invalid(fields.path.child(name), text, 'must be a duration such as 3s or 1m30s');
  return ms === 0 ? undefined : (ms ?? 1);
}

function readTtl(fields: FieldsOf, name: string, defaultMs: number, flag: string): number {
  const ms = readDuration(fields, name) ?? defaultMs;
  if (ms < 0) fields.errors.invalid(fields.path.child(name), fields.text(name), 'must be > 0s');
  return (fields.flag(flag) ?? true) ? ms : 0;
}

function readChoice<T extends string>(fields: FieldsOf, name: string, choices: readonly T[], otherwise: T) {
  const text = fields.text(name) ?? '';
  if (text === '') return undefined;
  const choice = choices.find((one) => one === text);
  if (choice === undefined) fields.errors.notSupported(fields.path.child(name), text, choices);
  return choice ?? otherwise;
}

function readRequiredChoice<T extends string>(fields: FieldsOf, name: string, choices: readonly [T, ...T[]]): T {
  const choice = readChoice(fields, name, choices, choices[0]);
  if (choice === undefined) fields.errors.required(fields.path.child(name));
  return choice ?? choices[0];
}

function readConnection(webhook: FieldsOf): WebhookConnection {
  const fields = webhook.record('connectionInfo') ?? webhook.missing('connectionInfo');
  fields.allow('type', 'kubeConfigFile');
  const type = readRequiredChoice(fields, 'type', ['InClusterConfig', 'KubeConfigFile']);
  const path = fields.text('kubeConfigFile') ?? '';
  const at = fields.path.child('kubeConfigFile');
  if (type === 'InClusterConfig') {
    if (path !== '') fields.errors.invalid(at, path, 'can only be set when type=KubeConfigFile');
    return { type };
  }
  if (path === '') fields.errors.required(at);
  else if (!isAbsolute(path)) fields.errors.invalid(at, path, 'must be an absolute path');
  return { type, path, named: `${at}` };
}

function readConditions(fields: FieldsOf): readonly MatchCondition[] {
  const conditions = fields.list('matchConditions');
  if (conditions.length > maxConditions) {
    fields.errors.tooMany(fields.path.child('matchConditions'), conditions.length, maxConditions);
    return [];
  }
  const seen = new Set<string>();
  return conditions.flatMap((one) => readCondition(one, seen) ?? []);
}

function readCondition(fields: FieldsOf, seen: Set<string>): MatchCondition | undefined {
  fields.allow('expression');
  const text = fields.text('expression') ?? '';
  const path = fields.path.child('expression');
  if (text.trim() === '') {
    fields.errors.required(path);
    return undefined;
  }
  if (seen.has(text)) {
    fields.errors.duplicate(path, text);
    return undefined;
  }
  seen.add(text);
  try {
    return { text, expression: compileJsonExpression(text, reviewEnvironment) };
  } catch (error) {
    fields.errors.invalid(path, text, errorText(error));
    return undefined;
  }
}
