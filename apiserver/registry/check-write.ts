/** What a kind says of an object that is about to be stored: one pure step, wherever it is done. */

import { type FieldError, FieldErrors } from '../../api/field-errors.ts';
import type { Kind, WriteContext } from '../../api/kind.ts';
import { validateMetadata, validateMetadataUpdate } from '../../api/meta/metadata-validation.ts';
import type { Stored } from '../../api/object.ts';
import { isCounted } from './object-metadata.ts';

export interface CheckContext extends WriteContext {
  /** The change is the server's own: only metadata is looked at. */
  readonly isChecked?: boolean | undefined;
}

export interface WriteCheck {
  readonly errors: readonly FieldError[];
  /** What the generation counts has changed, by more than the stored form will show. */
  readonly isChanged: boolean;
}

/** Validates `next`, a new object or, with `previous`, a change of one. Neither is changed. */
export function checkWrite(kind: Kind, next: Stored, previous: Stored | undefined, context: CheckContext): WriteCheck {
  const errors = new FieldErrors();
  if (previous === undefined) {
    validateMetadata(kind, next, errors);
    kind.strategy.validate?.(next, errors, context);
    return { errors: errors.list, isChanged: false };
  }
  validateMetadataUpdate(kind, next, previous, errors);
  const isChanged = kind.strategy.countsEmptyLists === true && isCounted(kind, next, previous);
  if (!context.isChecked) {
    kind.strategy.validate?.(next, errors, context);
    kind.strategy.validateUpdate?.(next, previous, errors, context);
  }
  return { errors: errors.list, isChanged };
}
