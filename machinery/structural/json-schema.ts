/** The schema of a custom resource as data: its type, and how to walk it. */

import { isRecord } from '../../api/json-record.ts';
import type { FieldPath } from '../field-errors.ts';

/** A schema as it is on the wire (the published types call its extensions otherwise). */
export interface JsonSchema {
  type?: string;
  format?: string;
  title?: string;
  nullable?: boolean;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  pattern?: string;
  maxLength?: number;
  minLength?: number;
  maxItems?: number;
  minItems?: number;
  maxProperties?: number;
  minProperties?: number;
  exclusiveMaximum?: boolean;
  exclusiveMinimum?: boolean;
  multipleOf?: number;
  minimum?: number;
  maximum?: number;
  uniqueItems?: boolean;
  required?: string[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema | JsonSchema[];
  allOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  not?: JsonSchema;
  $schema?: string;
  $ref?: string;
  definitions?: unknown;
  dependencies?: unknown;
  id?: string;
  patternProperties?: unknown;
  additionalItems?: unknown;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-validations'?: Rule[];
}

/** One of `x-kubernetes-validations`. */
export interface Rule {
  rule?: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

const junctors = ['allOf', 'anyOf', 'oneOf'] as const;

/** Each schema right below this one, with its place, and its name if it is a property. */
export function childrenOf(schema: JsonSchema, path: FieldPath): [FieldPath, JsonSchema, string?][] {
  const children: [FieldPath, JsonSchema, string?][] = [];
  const { properties = {}, additionalProperties, items, not } = schema;
  for (const [name, child] of Object.entries(properties ?? {}))
    children.push([path.child('properties').key(name), child, name]);
  if (isSchema(additionalProperties)) children.push([path.child('additionalProperties'), additionalProperties]);
  if (isSchema(items)) children.push([path.child('items'), items]);
  for (const junctor of junctors) {
    for (const [i, child] of (schema[junctor] ?? []).entries()) children.push([path.child(junctor).index(i), child]);
  }
  if (not) children.push([path.child('not'), not]);
  return children;
}

export const isSchema = (value: unknown): value is JsonSchema => isRecord(value);
