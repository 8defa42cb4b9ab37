/** How a configured issuer's claims become users: mappings and rules of the configuration, checked and compiled. Pure. */

import { errorText } from '../../../base/error-text.ts';
import type { Environment } from '../../../machinery/cel/environment.ts';
import { compileJsonExpression, type JsonExpression } from '../../../machinery/cel/json-expression.ts';
import { makeEnvironment } from '../../../machinery/cel/make-environment.ts';
import { dynType, listOf, mapOf, objectOf, stringType } from '../../../machinery/cel/types/cel-type.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import type { FieldsOf } from '../../configuration/configuration-fields.ts';
import type { ClaimMapping, ClaimRule, ClaimSource } from './claim-mapping.ts';

/** What expressions of a configuration may use, by what they are about. */
const environments = {
  claims: makeEnvironment({ variables: { claims: mapOf(stringType, dynType) } }),
  user: makeEnvironment({
    variables: {
      user: objectOf('kubernetes.UserInfo', {
        username: stringType,
        uid: stringType,
        groups: listOf(stringType),
        extra: mapOf(stringType, listOf(stringType)),
      }),
    },
  }),
} as const satisfies Record<string, Environment>;

const nothing: ClaimSource = { claim: '', prefix: '' };

/** `issuer`: one entry of `jwt`. */
export function readMapping(issuer: FieldsOf, errors: FieldErrors): ClaimMapping {
  const mappings = issuer.record('claimMappings') ?? issuer.missing('claimMappings');
  mappings.allow('username', 'groups', 'uid', 'extra');
  const username = mappings.record('username') ?? mappings.missing('username');
  const mapping: ClaimMapping = {
    username: readSource(username, { prefixed: true, required: true }) ?? nothing,
    groups: readOptional(mappings.record('groups'), true),
    uid: readOptional(mappings.record('uid'), false),
    extra: readExtra(mappings.list('extra'), errors),
    claimRules: issuer.list('claimValidationRules').flatMap((rule) => readClaimRule(rule)),
    userRules: issuer.list('userValidationRules').flatMap((rule) => readRule(rule, 'user')),
  };
  checkEmail(mapping, username, mappings);
  return mapping;
}

interface SourceRules {
  readonly prefixed: boolean;
  readonly required: boolean;
}

function readOptional(fields: FieldsOf | undefined, prefixed: boolean): ClaimSource | undefined {
  return fields && readSource(fields, { prefixed, required: false });
}

function readSource(fields: FieldsOf, { prefixed, required }: SourceRules): ClaimSource | undefined {
  fields.allow('claim', 'expression', ...(prefixed ? ['prefix'] : []));
  const [claim, prefix, text] = [fields.text('claim') ?? '', fields.text('prefix'), fields.text('expression') ?? ''];
  const { path, errors } = fields;
  if (claim !== '' && text !== '') {
    errors.invalid(path, '', "claim and expression can't both be set");
    return undefined;
  }
  if (text !== '') {
    if (prefix !== undefined)
      errors.invalid(path.child('prefix'), prefix, "prefix can't be set when expression is set");
    return compiled(text, path.child('expression'), { errors, variable: 'claims' });
  }
  if (claim === '') {
    if (required) errors.required(path, 'claim or expression is required');
    else if (prefix !== undefined)
      errors.invalid(path.child('prefix'), prefix, 'non-empty claim name is required when prefix is set');
    return undefined;
  }
  if (prefixed && prefix === undefined)
    errors.required(
      path.child('prefix'),
      'prefix is required when claim is set. It can be set to an empty string to disable prefixing',
    );
  return { claim, prefix: prefix ?? '' };
}

type Compiled = { readonly text: string; readonly expression: JsonExpression };

function compiled(
  text: string,
  path: FieldPath,
  { errors, variable }: { readonly errors: FieldErrors; readonly variable: keyof typeof environments },
): Compiled | undefined {
  try {
    return { text, expression: compileJsonExpression(text, environments[variable]) };
  } catch (error) {
    errors.invalid(path, text, errorText(error));
    return undefined;
  }
}

/** A domain of one's own, and a path. */
const extraKey =
  /^(?=.{1,253}\/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[a-z0-9/%._~:@!$&'()*+,;=-]+$/;
const reservedDomain = /(^|\.)(kubernetes|k8s)\.io$/;

function readExtra(list: readonly FieldsOf[], errors: FieldErrors): ClaimMapping['extra'] {
  const keys = new Set<string>();
  return list.flatMap((fields) => {
    fields.allow('key', 'valueExpression');
    const [key, text] = [fields.requiredText('key'), fields.requiredText('valueExpression')];
    const path = fields.path.child('key');
    if (key !== '' && !extraKey.test(key))
      errors.invalid(path, key, 'must be a domain-prefixed path (such as "acme.io/foo") in lower case');
    else if (reservedDomain.test(key.split('/')[0] ?? ''))
      errors.invalid(path, key, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use');
    if (keys.has(key)) errors.duplicate(path, key);
    keys.add(key);
    const source =
      text === '' ? undefined : compiled(text, fields.path.child('valueExpression'), { errors, variable: 'claims' });
    return source === undefined ? [] : [{ key, source }];
  });
}

function readClaimRule(fields: FieldsOf): ClaimRule[] {
  const claim = fields.text('claim') ?? '';
  if (claim === '') return readRule(fields, 'claims');
  fields.allow('claim', 'requiredValue', 'expression', 'message');
  if (fields.text('expression')) fields.errors.invalid(fields.path, claim, "claim and expression can't both be set");
  if (fields.text('message'))
    fields.errors.invalid(fields.path.child('message'), '', "message can't be set when claim is set");
  return [{ claim, requiredValue: fields.text('requiredValue') ?? '' }];
}

function readRule(fields: FieldsOf, variable: 'claims' | 'user'): (Compiled & { readonly message: string })[] {
  fields.allow('expression', 'message', ...(variable === 'claims' ? ['claim', 'requiredValue'] : []));
  const text = fields.text('expression') ?? '';
  const { path, errors } = fields;
  if (text === '') {
    if (variable === 'claims') errors.required(path, 'claim or expression is required');
    else errors.required(path.child('expression'), 'expression is required');
    return [];
  }
  const rule = compiled(text, path.child('expression'), { errors, variable });
  return rule === undefined ? [] : [{ ...rule, message: fields.text('message') ?? '' }];
}

/** A name made of an address that nobody has confirmed could be anybody's. */
function checkEmail({ username, extra, claimRules }: ClaimMapping, fields: FieldsOf, { path, errors }: FieldsOf): void {
  if (!('text' in username) || !/claims\.email\b/.test(username.text)) return;
  const texts = [
    username.text,
    ...extra.map(({ source }) => ('text' in source ? source.text : '')),
    ...claimRules.map((rule) => ('text' in rule ? rule.text : '')),
  ];
  if (texts.some((text) => text.includes('claims.email_verified') || text.includes('claims.?email_verified'))) return;
  errors.invalid(
    fields.path.child('expression'),
    username.text,
    `claims.email_verified must be used in ${path.child('username').child('expression')} or ${path.child('extra')}[*].valueExpression or ${path}.claimValidationRules[*].expression when claims.email is used in ${path.child('username').child('expression')}`,
  );
}
