/** From bytes or a patched document to an object of a definition, with field validation as the client asked for it. */

import type { KubernetesObject } from '../../api/object.ts';
import type { ObjectsOf } from '../../api/resource.ts';
import { badRequest } from '../../api/status-error.ts';
import type { KindSource } from '../../kinds/kind.ts';
import { bodyFormatOf, decodeBody } from '../../machinery/codec/body.ts';
import { DecodeError } from '../../machinery/schema/decode.ts';
import type { GroupVersionKind } from '../../machinery/schema/registered-kinds.ts';
import type { ObjectSchema } from '../../machinery/schema/schema.ts';
import type { FieldValidation } from '../request/write-options.ts';
import { decodeVersion, type KindVersions } from './decode-version.ts';

/** What a body should be: the request's own kind, or that of a subresource (Scale, Eviction …). */
export interface ExpectedType<T extends KubernetesObject = KubernetesObject> extends GroupVersionKind, ObjectsOf<T> {
  readonly schema: ObjectSchema;
  /** Of a kind that is not in the table. */
  readonly madeOf?: KindSource;
}

export interface DecodeOptions {
  /** The body may be in another version of its kind. */
  readonly kinds: KindVersions;
  readonly contentType: string;
  readonly fieldValidation: FieldValidation;
  warn(text: string): void;
}

/** Throws BadRequest for what cannot be read, UnsupportedMediaType. */
export function decodeObject<T extends KubernetesObject>(
  bytes: Buffer,
  expected: ExpectedType<T>,
  options: DecodeOptions,
): T {
  const isCustom = expected.schema.reader !== undefined;
  const body = decodeBody(bytes, bodyFormatOf(options.contentType), expected, { isCustom });
  const refuse = (why: string) =>
    badRequest(
      `${expected.kind} in version ${JSON.stringify(expected.version)} cannot be handled as a ${expected.kind}: ${why}`,
    );
  try {
    const { object, strictErrors } = decodeVersion(expected, body.object, options.kinds, body.places);
    const { strictErrors: ofText, warnings } = body;
    reportStrictErrors([...ofText, ...strictErrors], [...warnings, ...strictErrors], options, refuse);
    // By the schema of that type.
    return object as T;
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(error.message);
    throw error;
  }
}

/** Strict refuses, Warn tells, Ignore is silent. */
export function reportStrictErrors(
  errors: readonly string[],
  warnings: readonly string[],
  { fieldValidation, warn }: Pick<DecodeOptions, 'fieldValidation' | 'warn'>,
  refuse: (why: string) => Error,
): void {
  if (fieldValidation === 'Strict' && errors.length > 0) throw refuse(`strict decoding error: ${errors.join(', ')}`);
  if (fieldValidation === 'Warn') for (const warning of warnings) warn(warning);
}
