/** The options that all writes share, from the query: dryRun, fieldManager, fieldValidation. */

import { FieldErrors, FieldPath, invalidObject } from '../../api/field-errors.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface WriteOptions {
  readonly dryRun: boolean;
  /** Empty: named after the client's user agent. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean | undefined;
}

const longestManagerBytes = 128;

export function parseWriteOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
): WriteOptions {
  const errors = new FieldErrors();
  const dryRun = query.getAll('dryRun');
  checkDryRun(dryRun, errors);
  const fieldManager = query.get('fieldManager') ?? '';
  checkFieldManager(fieldManager, errors);
  const validation = query.get('fieldValidation') ?? '';
  if (!isFieldValidation(validation) && validation !== '') {
    errors.notSupported(FieldPath.of('fieldValidation'), validation, ['', 'Ignore', 'Strict', 'Warn']);
  }
  if (!errors.empty) throw invalidObject({ group: 'meta.k8s.io', kind }, '', errors.list);
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: isFieldValidation(validation) ? validation : 'Warn',
    force: query.has('force') ? query.get('force') !== 'false' && query.get('force') !== '0' : undefined,
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
  if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(name))
    errors.invalid(path, name, 'should only contain printable characters');
}
