/** `--validate`: what becomes of fields that the kind does not have. */

import { UserError } from '../base/user-error.ts';
import type { WriteOptions } from '../client/client.ts';
import { type Arguments, textOf } from './arguments.ts';

const levels: Readonly<Record<string, NonNullable<WriteOptions['fieldValidation']>>> = {
  strict: 'Strict',
  true: 'Strict',
  warn: 'Warn',
  ignore: 'Ignore',
  false: 'Ignore',
};

export function fieldValidationOf(args: Arguments): WriteOptions['fieldValidation'] {
  const text = textOf(args, 'validate') ?? 'strict';
  const level = Object.hasOwn(levels, text) ? levels[text] : undefined;
  if (level === undefined) throw new UserError(`error: invalid argument "${text}" for "--validate" flag`);
  return level;
}
