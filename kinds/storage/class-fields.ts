/** Fields that classes of storage and of volume attributes share. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkQualifiedName } from '../validation/names.ts';

export function validateProvisioner(provisioner: string, path: FieldPath, errors: FieldErrors): void {
  if (provisioner === '') {
    errors.required(path);
    return;
  }
  const lower = provisioner.toLowerCase();
  for (const message of checkQualifiedName(lower)) errors.invalid(path, lower, message);
}

const maxParameters = 512;
const maxParametersBytes = 256 * 1024;

export function validateParameters(
  parameters: Record<string, string> = {},
  path: FieldPath,
  errors: FieldErrors,
): void {
  const entries = Object.entries(parameters);
  if (entries.length > maxParameters)
    errors.add('FieldValueTooLong', path, 'Too long: StorageClass parameters total size exceeded');
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === '') errors.invalid(path, key, 'field can not be empty.');
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > maxParametersBytes) errors.tooLong(path, maxParametersBytes);
}
