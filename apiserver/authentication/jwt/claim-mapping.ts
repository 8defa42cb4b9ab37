/** From the claims of a JWT to a user, as the configuration of its issuer says. Pure. */

import { isRecord } from '../../../api/json-record.ts';
import { errorText } from '../../../base/error-text.ts';
import type { JsonExpression } from '../../../machinery/cel/json-expression.ts';
import type { User } from '../../request/user.ts';
import { RefusedCredentialError } from '../authenticator.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** A claim as it is, with something before it; or what an expression makes of all claims. */
export type ClaimSource =
  | { readonly claim: string; readonly prefix: string }
  | { readonly text: string; readonly expression: JsonExpression };

export type ClaimRule =
  | { readonly claim: string; readonly requiredValue: string }
  | { readonly text: string; readonly expression: JsonExpression; readonly message: string };

export interface ClaimMapping {
  readonly username: ClaimSource;
  readonly groups?: ClaimSource | undefined;
  readonly uid?: ClaimSource | undefined;
  readonly extra: readonly { readonly key: string; readonly source: ClaimSource }[];
  /** All must hold of the claims. */
  readonly claimRules: readonly ClaimRule[];
  /** All must hold of the user. */
  readonly userRules: readonly (ClaimRule & { readonly expression: JsonExpression })[];
}

/** Throws `RefusedCredentialError`. */
export function userOf(claims: Claims, mapping: ClaimMapping): User {
  for (const rule of mapping.claimRules) checkRule(rule, claims);
  const { username, groups, uid, extra } = mapping;
  const [name = ''] = textsOf(username, claims, 'username');
  if (name === '') throw refuse('the user name is empty');
  checkEmail(username, claims);
  const user: User = {
    name,
    groups: groups === undefined ? [] : textsOf(groups, claims, 'groups', isOptional),
    ...withUid(uid === undefined ? [] : textsOf(uid, claims, 'uid')),
    ...withExtra([
      ...credentialId(claims),
      ...extra.map(({ key, source }) => [key, textsOf(source, claims, key, isOptional)] as const),
    ]),
  };
  const shown = { user: { username: name, groups: user.groups, uid: user.uid ?? '', extra: user.extra ?? {} } };
  for (const { text, expression, message } of mapping.userRules.filter(isExpression))
    checkTrue(expression(shown), text, message);
  return user;
}

const refuse = (why: string) => new RefusedCredentialError(`oidc: ${why}`);
const isExpression = <T>(rule: T): rule is Extract<T, { readonly text: string }> => isRecord(rule) && 'text' in rule;
const isOptional = { mayBeAbsent: true, mayBeList: true };

function textsOf(
  source: ClaimSource,
  claims: Claims,
  what: string,
  { mayBeAbsent, mayBeList } = { mayBeAbsent: false, mayBeList: false },
): string[] {
  const value = 'claim' in source ? claims[source.claim] : evaluate(source, claims);
  if (value === undefined || value === null || value === '') {
    if (mayBeAbsent) return [];
    throw refuse(`there is no claim for ${what}`);
  }
  const texts: unknown[] = mayBeList ? [value].flat() : [value];
  const prefix = 'claim' in source ? source.prefix : '';
  return texts.map((text) => {
    if (typeof text !== 'string') throw refuse(`what the claims say for ${what} is no text`);
    return prefix + text;
  });
}

function evaluate({ text, expression }: Extract<ClaimSource, { text: string }>, claims: Claims): unknown {
  try {
    return expression({ claims });
  } catch (error) {
    throw refuse(`the expression ${JSON.stringify(text)} cannot be evaluated: ${errorText(error)}`);
  }
}

function checkRule(rule: ClaimRule, claims: Claims): void {
  if ('text' in rule) {
    checkTrue(evaluate(rule, claims), rule.text, rule.message);
    return;
  }
  const value = claims[rule.claim];
  if (value === undefined) throw refuse(`required claim ${rule.claim} not present in ID token`);
  if (value !== rule.requiredValue) throw refuse(`required claim ${rule.claim} value does not match`);
}

function checkTrue(value: unknown, text: string, message: string): void {
  if (value !== true) throw refuse(message || `validation expression ${JSON.stringify(text)} failed`);
}

/** An address that its owner has not confirmed is a name that anybody may have chosen. */
function checkEmail(username: ClaimSource, claims: Claims): void {
  if (!('claim' in username) || username.claim !== 'email' || claims.email_verified === undefined) return;
  if (claims.email_verified !== true) throw refuse('email not verified');
}

function credentialId({ jti }: Claims): [string, string[]][] {
  return typeof jti === 'string' && jti !== '' ? [['authentication.kubernetes.io/credential-id', [`JTI=${jti}`]]] : [];
}

const withUid = ([uid]: readonly string[]): Pick<User, 'uid'> => (uid === undefined ? {} : { uid });

function withExtra(entries: readonly (readonly [string, string[]])[]): Pick<User, 'extra'> {
  const given = entries.filter(([, values]) => values.length > 0);
  return given.length === 0 ? {} : { extra: Object.fromEntries(given) };
}
