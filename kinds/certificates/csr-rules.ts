/** What a CertificateSigningRequest must look like, and who may write which part of it. */

import { X509Certificate } from 'node:crypto';
import { formatTime } from '../../api/time.ts';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../api/types/certificates/v1.ts';
import { parseCertificateRequest } from '../../base/certificate-request.ts';
import { errorText } from '../../base/error-text.ts';
import { parsePem } from '../../base/pem.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import type { PrepareContext, WriteContext } from '../kind.ts';
import { checkDns1123Label, checkDns1123Subdomain } from '../validation/names.ts';

const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const minExpirationSeconds = 600;
const decisions = ['Approved', 'Denied'];
const legacySigner = 'kubernetes.io/legacy-unknown';

/** Who asks is what authentication says, whatever the body claims. */
export function prepareCreate(object: CertificateSigningRequest, { user }: WriteContext): void {
  const {
    username: _username,
    uid: _uid,
    groups: _groups,
    extra: _extra,
    ...asked
  } = object.spec ?? { request: '', signerName: '' };
  object.spec = {
    ...asked,
    ...(user && { username: user.name, groups: [...user.groups] }),
    ...(user?.uid && { uid: user.uid }),
    ...(user?.extra &&
      Object.keys(user.extra).length > 0 && {
        extra: Object.fromEntries(Object.entries(user.extra).map(([name, values]) => [name, [...values]])),
      }),
  };
  object.status = {};
}

export function prepareUpdate(
  next: CertificateSigningRequest,
  previous: CertificateSigningRequest,
  { subresource, now }: PrepareContext,
): void {
  next.spec = structuredClone(previous.spec);
  const { conditions = [], ...rest } = previous.status ?? {};
  if (subresource === 'approval')
    next.status = { ...rest, ...withTimes(next.status?.conditions ?? [], conditions, formatTime(now)) };
  else if (subresource === 'status') {
    const kept = keepDecisions(next.status?.conditions ?? [], conditions);
    next.status = { ...next.status, ...withTimes(kept, conditions, formatTime(now)) };
  } else next.status = { ...rest, ...(conditions.length > 0 && { conditions }) };
}

/** A decision is not reworded by who signs: as many as there were stay as they were. */
function keepDecisions(
  conditions: readonly CertificateSigningRequestCondition[],
  before: readonly CertificateSigningRequestCondition[],
): CertificateSigningRequestCondition[] {
  const countOf = (list: typeof conditions, type: string) => list.filter((one) => one.type === type).length;
  return conditions.map((condition) => {
    const { type } = condition;
    if (!decisions.includes(type) || countOf(conditions, type) !== countOf(before, type)) return condition;
    return before.find((one) => one.type === type) ?? condition;
  });
}

/** New conditions get the time of `now` where they name none. */
function withTimes(
  conditions: readonly CertificateSigningRequestCondition[],
  before: readonly CertificateSigningRequestCondition[],
  now: string,
): { conditions?: CertificateSigningRequestCondition[] } {
  if (conditions.length === 0) return {};
  return {
    conditions: conditions.map((condition) => {
      const known = before.find(({ type }) => type === condition.type);
      const changed = known?.status !== condition.status;
      return {
        ...condition,
        lastUpdateTime: condition.lastUpdateTime ?? now,
        lastTransitionTime: condition.lastTransitionTime ?? (changed ? now : (known?.lastTransitionTime ?? now)),
      };
    }),
  };
}

export function validateRequest(object: CertificateSigningRequest, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  const { request = '', usages: asked = [], signerName = '', expirationSeconds } = object.spec ?? {};
  validatePem(request, path.child('request'), errors);
  if (asked.length === 0) errors.required(path.child('usages'));
  const seen = new Set<string>();
  for (const [i, usage] of asked.entries()) {
    if (!usages.includes(usage)) errors.notSupported(path.child('usages').index(i), usage, usages);
    if (seen.has(usage)) errors.duplicate(path.child('usages').index(i), usage);
    seen.add(usage);
  }
  if (signerName === legacySigner) {
    errors.invalid(path.child('signerName'), signerName, 'the legacy signerName is not allowed via this API version');
  } else validateSignerName(signerName, path.child('signerName'), errors);
  if (expirationSeconds !== undefined && expirationSeconds < minExpirationSeconds) {
    errors.invalid(
      path.child('expirationSeconds'),
      expirationSeconds,
      'may not specify a duration less than 600 seconds (10 minutes)',
    );
  }
  validateConditions(object.status?.conditions ?? [], errors);
}

function validatePem(base64: string, path: FieldPath, errors: FieldErrors): void {
  try {
    parseCertificateRequest(Buffer.from(base64, 'base64').toString());
  } catch (error) {
    errors.invalid(path, base64, errorText(error));
  }
}

/** Why a certificate cannot be what a signer answers with; undefined: it can, or there is none. */
function whyNoCertificate(base64: string): string | undefined {
  if (base64 === '') return undefined;
  const blocks = parsePem(Buffer.from(base64, 'base64').toString()).filter(({ type }) => type === 'CERTIFICATE');
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  return blocks.every(({ der }) => isCertificate(der)) ? undefined : 'x509: malformed certificate';
}

function isCertificate(der: Buffer): boolean {
  try {
    return new X509Certificate(der).raw.length === der.length;
  } catch {
    return false;
  }
}

/** `domain.example/path.of.names`. */
function validateSignerName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (name === '') {
    errors.required(path);
    return;
  }
  const [domain = '', rest, ...more] = name.split('/');
  if (rest === undefined || more.length > 0) {
    errors.invalid(path, name, 'must be a fully qualified domain and path of the form "example.com/signer-name"');
    return;
  }
  const labels = domain.split('.');
  if (labels.length < 2)
    errors.invalid(path, domain, 'should be a domain with at least two segments separated by dots');
  for (const label of new Set(labels)) {
    for (const message of checkDns1123Label(label))
      errors.invalid(path, domain, `validating label ${JSON.stringify(label)}: ${message}`);
  }
  for (const message of checkDns1123Subdomain(rest)) errors.invalid(path, rest, message);
}

function validateConditions(conditions: readonly CertificateSigningRequestCondition[], errors: FieldErrors): void {
  const path = FieldPath.of('status', 'conditions');
  const seen = new Set<string>();
  for (const [i, { type = '', status = '' }] of conditions.entries()) {
    const at = path.index(i);
    if (type === '') errors.required(at.child('type'));
    if (status === '') errors.required(at.child('status'));
    else if ([...decisions, 'Failed'].includes(type) && status !== 'True')
      errors.notSupported(at.child('status'), status, ['True']);
    else if (!['True', 'False', 'Unknown'].includes(status))
      errors.notSupported(at.child('status'), status, ['False', 'True', 'Unknown']);
    const other = decisions.find((one) => one !== type);
    if (decisions.includes(type) && other !== undefined && seen.has(other)) {
      errors.invalid(path, type, 'Approved and Denied conditions are mutually exclusive');
    }
    if (type !== '' && seen.has(type)) errors.duplicate(at.child('type'), type);
    seen.add(type);
  }
}

/** Decisions are made through `approval`, made once, and never taken back. */
export function validateRequestUpdate(
  next: CertificateSigningRequest,
  previous: CertificateSigningRequest,
  subresource: string | undefined,
  errors: FieldErrors,
): void {
  const path = FieldPath.of('status', 'conditions');
  const typesOf = ({ status }: CertificateSigningRequest): Set<string> =>
    new Set((status?.conditions ?? []).map(({ type }) => type));
  const [now, before] = [typesOf(next), typesOf(previous)];
  for (const type of [...decisions, 'Failed']) {
    if (before.has(type) && !now.has(type))
      errors.forbidden(path, `updates may not remove a condition of type "${type}"`);
    if (decisions.includes(type) && subresource !== 'approval' && now.has(type) && !before.has(type)) {
      errors.forbidden(path, `updates may not add a condition of type "${type}"`);
    }
  }
  const [certificate = '', issued = ''] = [next.status?.certificate, previous.status?.certificate];
  if (certificate === issued) return;
  const at = FieldPath.of('status', 'certificate');
  const why = whyNoCertificate(certificate);
  if (why !== undefined) errors.invalid(at, '<certificate data>', why);
  if (issued !== '') errors.forbidden(at, 'updates may not modify existing certificate content');
}
