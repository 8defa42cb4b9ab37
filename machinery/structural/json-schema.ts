/** The schema of a custom resource as data: its type, and how to walk it. */

import { isRecord } from '../../api/json-record.ts';
import { FieldPath } from '../field-errors.ts';

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

const junctors = ['allOf', 'oneOf', 'anyOf'] as const;

/** Where a schema stands in the one around it. */
export interface Child {
  readonly schema: JsonSchema;
  readonly path: FieldPath;
  readonly role: 'property' | 'additionalProperties' | 'items' | 'junctor';
  /** Of a property. */
  readonly name?: string;
}

/** Each schema right below this one, in the order in which upstream visits them. */
export function childrenOf(schema: JsonSchema, path: FieldPath): Child[] {
  const children: Child[] = [];
  const { properties = {}, additionalProperties, items, not } = schema;
  if (isSchema(additionalProperties))
    children.push({
      schema: additionalProperties,
      path: path.child('additionalProperties'),
      role: 'additionalProperties',
    });
  for (const [name, child] of Object.entries(properties ?? {}))
    children.push({ schema: child, path: path.child('properties').key(name), role: 'property', name });
  if (not) children.push({ schema: not, path: path.child('not'), role: 'junctor' });
  for (const junctor of junctors) {
    for (const [index, child] of (schema[junctor] ?? []).entries())
      children.push({ schema: child, path: path.child(junctor).index(index), role: 'junctor' });
  }
  if (isSchema(items)) children.push({ schema: items, path: path.child('items'), role: 'items' });
  return children;
}

/** Whether it, or any schema in it, is such a one. */
export function someSchema(schema: JsonSchema, isSuch: (schema: JsonSchema) => boolean): boolean {
  return isSuch(schema) || childrenOf(schema, FieldPath.root).some((child) => someSchema(child.schema, isSuch));
}

export const isSchema = (value: unknown): value is JsonSchema => isRecord(value);
