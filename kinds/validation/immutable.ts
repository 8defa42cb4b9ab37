/** Fields that stay as they were created. */

import { copyJson, equalJson } from '../../api/json-record.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { encode } from '../../machinery/schema/encode.ts';
import { inGoOrder } from '../../machinery/schema/go-order.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';

/** `shown` is the value in the message where upstream prints another form of it. */
export function validateImmutable(
  next: unknown,
  previous: unknown,
  path: FieldPath,
  errors: FieldErrors,
  shown: unknown = next,
): void {
  if (!equalJson(next, previous)) errors.invalid(path, shown ?? null, 'field is immutable');
}

/** For values that hold lists, maps or structs: `definition` is that of the values, in the OpenAPI facts. */
export function validateImmutableStruct(
  definition: string,
  next: object | null | undefined,
  previous: object | null | undefined,
  path: FieldPath,
  errors: FieldErrors,
  shown: unknown = shownAs(definition, next),
): void {
  if (!isSemanticallyEqual(definition, next, previous)) errors.invalid(path, shown ?? null, 'field is immutable');
}

/** An object as Go shows it in a message: without what is empty, fields as they are declared. */
export function shownAs(definition: string, value: object | null | undefined): unknown {
  if (!value) return value;
  const copy = copyJson(value);
  encode(definition, copy);
  return inGoOrder(definition, copy);
}

export const labelSelectorDefinition = 'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector';
