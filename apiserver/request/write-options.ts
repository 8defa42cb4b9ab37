/** The options that all writes share, from the query: dryRun, fieldManager, fieldValidation. */

import { FieldErrors, FieldPath, invalidObject } from '../../machinery/field-errors.ts';
import { booleanParameter } from './query.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface WriteOptions {
  readonly dryRun: boolean;
  /** Empty: named after the client's user agent. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
}

const longestManagerBytes = 128;

export function parseWriteOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  isApply = false,
): WriteOptions {
  const errors = new FieldErrors();
  const force = booleanParameter(query, 'force');
  if (kind === 'PatchOptions' && force !== undefined && !isApply) {
    errors.forbidden(FieldPath.of('force'), 'may not be specified for non-apply patch');
  }
  const fieldManager = query.get('fieldManager') ?? '';
  if (isApply && fieldManager === '') errors.required(FieldPath.of('fieldManager'), 'is required for apply patch');
  checkFieldManager(fieldManager, errors);
  const dryRun = query.getAll('dryRun');
  checkDryRun(dryRun, errors);
  const validation = query.get('fieldValidation') ?? '';
  if (!isFieldValidation(validation) && validation !== '') {
    errors.notSupported(FieldPath.of('fieldValidation'), validation, ['', 'Ignore', 'Strict', 'Warn']);
  }
  if (!errors.empty) throw invalidObject({ group: 'meta.k8s.io', kind }, '', errors.list);
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: isFieldValidation(validation) ? validation : 'Warn',
    force: force ?? false,
  };
}

const isFieldValidation = (text: string): text is FieldValidation =>
  text === 'Ignore' || text === 'Warn' || text === 'Strict';

export function checkDryRun(values: readonly string[], errors: FieldErrors): void {
  if (values.some((value) => value !== 'All')) errors.notSupported(FieldPath.of('dryRun'), values, ['All']);
}

function checkFieldManager(name: string, errors: FieldErrors): void {
  const path = FieldPath.of('fieldManager');
  if (Buffer.byteLength(name) > longestManagerBytes) errors.tooLong(path, longestManagerBytes);
  const odd = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(name);
  if (odd === null) return;
  const code = (odd[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  errors.invalid(
    path,
    name,
    `invalid character U+${code} (at position ${Buffer.byteLength(name.slice(0, odd.index))})`,
  );
}
