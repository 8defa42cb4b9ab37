/** Secrets, and what the well-known types of them must hold. */

import { setOwn } from '../../../api/json-record.ts';
import { secrets } from '../../../api/resources/core.ts';
import type { Secret } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { JsonError, parseJson } from '../../../machinery/json/json.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { defineKind } from '../../define-kind.ts';
import { checkConfigMapKey } from '../../validation/names.ts';
import { validateFrozen } from './immutable-data.ts';
import { validateRegistryCredentials } from './registry-credentials.ts';

const maxBytes = 1024 * 1024;
const dataPath = FieldPath.of('data');
const serviceAccountAnnotation = 'kubernetes.io/service-account.name';

/** Keys that a type cannot do without. */
const requiredKeys: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    'kubernetes.io/ssh-auth': ['ssh-privatekey'],
    'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  }),
);
const jsonKeys: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'kubernetes.io/dockercfg': '.dockercfg',
    'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
  }),
);

function validate(secret: Secret, errors: FieldErrors): void {
  const { data = {}, type = '' } = secret;
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    for (const message of checkConfigMapKey(key)) errors.invalid(dataPath.key(key), key, message);
    bytes += Buffer.byteLength(value, 'base64');
  }
  if (bytes > maxBytes) errors.tooLong(dataPath, maxBytes);
  for (const key of requiredKeys.get(type) ?? []) if (isMissing(type, data[key])) errors.required(dataPath.key(key));
  if (type === 'kubernetes.io/basic-auth' && data.username === undefined && data.password === undefined) {
    errors.required(dataPath.key('username'));
    errors.required(dataPath.key('password'));
  }
  if (type === 'kubernetes.io/service-account-token' && !secret.metadata?.annotations?.[serviceAccountAnnotation])
    errors.required(FieldPath.of('metadata', 'annotations').key(serviceAccountAnnotation));
  validateRegistryCredentials(secret, errors);
  const jsonKey = jsonKeys.get(type);
  if (jsonKey !== undefined) validateJson(data[jsonKey], dataPath.key(jsonKey), errors);
}

/** A private key must not be empty; certificates may come later. */
const isMissing = (type: string, value: string | undefined): boolean =>
  type === 'kubernetes.io/ssh-auth' ? !value : value === undefined;

function validateJson(value: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (value === undefined) {
    errors.required(path);
    return;
  }
  try {
    parseJson(Buffer.from(value, 'base64').toString());
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    errors.invalid(path, '<secret contents redacted>', error.message);
  }
}

/** `stringData` is a way to write, not a thing to keep. */
function mergeStringData(secret: Secret): void {
  const { stringData } = secret;
  if (!stringData) return;
  const data: Record<string, string> = { ...secret.data };
  for (const [key, value] of Object.entries(stringData)) setOwn(data, key, Buffer.from(value).toString('base64'));
  if (Object.keys(stringData).length > 0) secret.data = data;
  delete secret.stringData;
}

function tlsWarnings({ type, data }: Secret): string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const certificate = Buffer.from(data?.['tls.crt'] ?? '', 'base64').toString();
  return certificate.includes('-----BEGIN ') ? [] : ['tls: failed to find any PEM data in certificate input'];
}

export const secretKind = defineKind(secrets, {
  columns: [
    nameColumn,
    textColumn('Type', 'What the secret is for.', ({ type = '' }) => type),
    textColumn('Data', 'How many keys it has.', ({ data = {} }) => Object.keys(data).length),
    ageColumn,
  ],
  selectableFields: [{ name: 'type', value: ({ type = '' }) => type }],
  strategy: {
    metadataOnUpdate: 'both',
    setDefaults(secret) {
      secret.type ||= 'Opaque';
      mergeStringData(secret);
    },
    validate(secret, errors, { isUpdate }) {
      if (!isUpdate) validate(secret, errors);
    },
    validateUpdate(next, previous, errors) {
      if (next.type !== previous.type) errors.invalid(FieldPath.of('type'), next.type, 'field is immutable');
      validateFrozen(next, previous, ['data'], errors);
      validate(next, errors);
    },
    warnings: (secret) => tlsWarnings(secret),
  },
});
