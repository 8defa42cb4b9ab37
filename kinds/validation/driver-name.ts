/** The names of CSI drivers. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkDns1123Subdomain } from './names.ts';

const maxDriverNameBytes = 63;

export function validateDriverName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (name === '') {
    errors.required(path);
    return;
  }
  if (Buffer.byteLength(name) > maxDriverNameBytes) errors.tooLong(path, maxDriverNameBytes);
  const lower = name.toLowerCase();
  for (const message of checkDns1123Subdomain(lower)) errors.invalid(path, name, message);
}
