/**
 * CONTRACT: the schema of a version of a CustomResourceDefinition, compiled once: what it does to the objects of that
 * version. Everything here works on plain JSON, in place where it says so, in time linear in the object (but for CEL
 * rules, which are metered), and with a bound on depth.
 *
 * A custom resource passes:  decode (prunes, coerces metadata) → setDefaults → … → validate → store → readStored
 */

import type { JsonRecord } from '../../api/json-record.ts';
import type { FieldErrors } from '../field-errors.ts';
import type { ObjectSchema } from '../schema/schema.ts';
import type { JsonSchema } from './json-schema.ts';

export interface StructuralSchema {
  /** What it was compiled of; CEL types and documents are made of it. */
  readonly schema: JsonSchema;
  /**
   * Objects of the version as decoding, patches, server-side apply and OpenAPI see them (`Kind.schema`). Its `reader`
   * is what `decode` does: values stay as they were sent, whatever their types; fields that the schema does not name
   * are dropped and told (`unknown field "spec.x"`); `metadata`, here and in embedded resources, is that of any object.
   */
  readonly objectSchema: ObjectSchema;
  /** Drops what the schema does not name, in place; answers with the paths of what was dropped (`spec.list[0].b`), sorted. */
  prune(object: JsonRecord): string[];
  /**
   * Fills in defaults, in place (`Strategy.setDefaults`); a null that may not be one and has a default becomes the
   * default. Idempotent.
   */
  setDefaults(object: JsonRecord): void;
  /** An object that was stored under a former schema as it looks now: pruned, malformed metadata dropped, defaults filled in. In place. */
  readStored(object: JsonRecord): void;
  /**
   * Whether the object is valid: values, embedded resources, list types and CEL rules (but not its own metadata, which
   * the registry validates). With `previous`, an update: what is wrong in unchanged parts is not told again
   * (`Strategy.validate` on create, `validateUpdate` on update).
   */
  validate(object: JsonRecord, previous: JsonRecord | undefined, errors: FieldErrors): void;
  /** What an update left wrong as it was, as warnings (`Strategy.warnings`). */
  warnings(object: JsonRecord, previous: JsonRecord | undefined): string[];
}

export interface StructuralSchemaOptions {
  /** Names the schema in documents, e.g. `dev.example.v1.Widget`; no published definition has that name. */
  readonly definition: string;
  /** Of what the objects are: `group`, `version`, `kind`. */
  readonly gvk: readonly [group: string, version: string, kind: string];
  /** `spec.preserveUnknownFields`: a definition older than v1 keeps what it does not know. Default false. */
  readonly preserveUnknownFields?: boolean;
}

/** Throws an Error when the schema is not structural: whoever asks has validated the definition. */
export type CompileSchema = (schema: JsonSchema, options: StructuralSchemaOptions) => StructuralSchema;
