/**
 * The file of `--authentication-config`: AuthenticationConfiguration of apiserver.config.k8s.io. What is wrong with it is
 * said by field, all of it at once, in upstream's words. Pure.
 */

import { X509Certificate } from 'node:crypto';
import { load } from 'js-yaml';
import { isRecord } from '../../../api/json-record.ts';
import { errorText } from '../../../base/error-text.ts';
import { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { type FieldsOf, readFields } from '../../configuration/configuration-fields.ts';
import { readMapping } from './configured-mapping.ts';
import { allAlgorithms, type JwtIssuer } from './jwt-tokens.ts';

export interface ConfiguredIssuer extends JwtIssuer {
  readonly discoveryUrl: string;
  /** PEM. */
  readonly certificateAuthority?: string | undefined;
}

export interface AnonymousConfiguration {
  readonly enabled: boolean;
  /** The only paths that are open; none: all. */
  readonly paths: readonly string[];
}

export interface AuthenticationConfiguration {
  readonly issuers: readonly ConfiguredIssuer[];
  /** Absent: the file says nothing of it. */
  readonly anonymous?: AnonymousConfiguration | undefined;
}

const versions = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`);
const maxIssuers = 64;

/** `disallowedIssuers`: those of the cluster itself. Throws an Error with all that is wrong. */
export function parseAuthenticationConfiguration(
  text: string,
  disallowedIssuers: readonly string[],
): AuthenticationConfiguration {
  const document = load(text);
  if (!isRecord(document)) throw new Error('it is no AuthenticationConfiguration');
  const { apiVersion, kind } = document;
  if (kind !== 'AuthenticationConfiguration' || typeof apiVersion !== 'string' || !versions.includes(apiVersion))
    throw new Error(`no kind "${String(kind)}" is registered for version "${String(apiVersion)}"`);
  const errors = new FieldErrors();
  const fields = readFields(document, { path: FieldPath.root, errors });
  fields.allow('apiVersion', 'kind', 'jwt', 'anonymous');
  const jwt = fields.list('jwt');
  if (jwt.length > maxIssuers) errors.tooMany(FieldPath.of('jwt'), jwt.length, maxIssuers);
  const issuers = jwt.map((one) => readIssuer(one, errors, disallowedIssuers));
  checkUnique(issuers, errors);
  const anonymous = readAnonymous(fields.record('anonymous'));
  if (!errors.empty) throw new Error(errors.list.map(({ field, message }) => `${field}: ${message}`).join('; '));
  return { issuers, anonymous };
}

function readIssuer(fields: FieldsOf, errors: FieldErrors, disallowed: readonly string[]): ConfiguredIssuer {
  fields.allow('issuer', 'claimValidationRules', 'claimMappings', 'userValidationRules');
  const issuer = fields.record('issuer') ?? fields.missing('issuer');
  issuer.allow('url', 'discoveryURL', 'certificateAuthority', 'audiences', 'audienceMatchPolicy', 'egressSelectorType');
  const url = issuer.requiredText('url');
  checkUrl(url, issuer.path.child('url'), errors);
  if (disallowed.includes(url))
    errors.invalid(issuer.path.child('url'), url, 'URL must not overlap with disallowed issuers');
  const certificateAuthority = issuer.text('certificateAuthority');
  checkAuthority(certificateAuthority, issuer.path.child('certificateAuthority'), errors);
  return {
    issuer: url,
    discoveryUrl: readDiscoveryUrl(issuer, url, errors),
    certificateAuthority,
    audiences: readAudiences(issuer, errors),
    algorithms: allAlgorithms,
    mapping: readMapping(fields, errors),
  };
}

const wellKnown = '/.well-known/openid-configuration';

function readDiscoveryUrl(issuer: FieldsOf, url: string, errors: FieldErrors): string {
  const given = issuer.text('discoveryURL');
  const path = issuer.path.child('discoveryURL');
  if (given === undefined || given === '') return url.replace(/\/$/, '') + wellKnown;
  checkUrl(given, path, errors);
  if (given.replace(/\/$/, '') === url.replace(/\/$/, ''))
    errors.invalid(path, given, 'discoveryURL must be different from URL');
  return given;
}

function readAudiences(issuer: FieldsOf, errors: FieldErrors): readonly string[] {
  const path = issuer.path.child('audiences');
  const audiences = issuer.texts('audiences');
  const policy = issuer.text('audienceMatchPolicy') ?? '';
  if (audiences.length === 0) errors.required(path, `at least one ${path} is required`);
  for (const [index, audience] of audiences.entries()) {
    if (audience === '') errors.required(path.index(index), "audience can't be empty");
    if (audiences.indexOf(audience) < index) errors.duplicate(path.index(index), audience);
  }
  const policyPath = issuer.path.child('audienceMatchPolicy');
  if (policy !== '' && policy !== 'MatchAny') errors.notSupported(policyPath, policy, ['MatchAny']);
  else if (audiences.length > 1 && policy !== 'MatchAny')
    errors.invalid(policyPath, policy, 'audienceMatchPolicy must be set to MatchAny for multiple audiences');
  return audiences;
}

function checkUrl(text: string, path: FieldPath, errors: FieldErrors): void {
  if (text === '') return; // that it is missing was said
  if (!URL.canParse(text)) {
    errors.invalid(path, text, 'must be a URL');
    return;
  }
  const url = new URL(text);
  if (url.protocol !== 'https:') errors.invalid(path, text, 'URL scheme must be https');
  if (url.username !== '' || url.password !== '')
    errors.invalid(path, text, 'URL must not contain a username or password');
  if (url.search !== '') errors.invalid(path, text, 'URL must not contain a query');
  if (url.hash !== '') errors.invalid(path, text, 'URL must not contain a fragment');
}

function checkAuthority(pem: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (pem === undefined || pem === '') return;
  try {
    new X509Certificate(pem);
  } catch (error) {
    errors.invalid(path, '<omitted>', `data does not contain any valid certificates: ${errorText(error)}`);
  }
}

function checkUnique(issuers: readonly ConfiguredIssuer[], errors: FieldErrors): void {
  for (const [index, { issuer, discoveryUrl }] of issuers.entries()) {
    const before = issuers.slice(0, index);
    const path = FieldPath.of('jwt').index(index).child('issuer');
    if (issuer !== '' && before.some((one) => one.issuer === issuer)) errors.duplicate(path.child('url'), issuer);
    else if (issuer !== '' && before.some((one) => one.discoveryUrl === discoveryUrl))
      errors.duplicate(path.child('discoveryURL'), discoveryUrl);
  }
}

function readAnonymous(fields: FieldsOf | undefined): AnonymousConfiguration | undefined {
  if (fields === undefined) return undefined;
  fields.allow('enabled', 'conditions');
  const enabled = fields.flag('enabled') ?? false;
  const conditions = fields.list('conditions');
  if (!enabled && conditions.length > 0)
    fields.errors.invalid(
      fields.path.child('conditions'),
      conditions.length,
      'enabled should be set to true when conditions are defined',
    );
  return {
    enabled,
    paths: conditions.map((one) => {
      one.allow('path');
      return one.requiredText('path');
    }),
  };
}
