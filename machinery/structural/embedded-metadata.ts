/**
 * Resources inside a custom resource (`x-kubernetes-embedded-resource`): their `apiVersion` and `kind` are texts, their
 * `metadata` is that of any object, whatever the schema says of it. Here it is given that form, and validated.
 */

import { equalJson, isRecord, type JsonRecord } from '../../api/json-record.ts';
import { parseApiVersion } from '../../api/resource.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import { FieldErrors, FieldPath } from '../field-errors.ts';
import { DecodeError, decode } from '../schema/decode.ts';
import { encode } from '../schema/encode.ts';
import type { StructuralNode } from './structural-node.ts';

const definition = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export interface CoerceOptions {
  /** Gets the paths of unknown fields of metadata. */
  readonly unknown: string[];
  /** Where the value stands. Default: it is a whole object. */
  readonly path?: FieldPath;
}

/** Something that is no metadata, as a field error says it. */
export class MetadataProblem extends DecodeError {
  readonly path: FieldPath;
  readonly value: unknown;
  readonly detail: string;

  constructor(path: FieldPath, value: unknown, detail: string) {
    const errors = new FieldErrors();
    errors.invalid(path, value, detail);
    super(errors.list.map(({ field, message }) => `${field}: ${message}`).join());
    this.path = path;
    this.value = value;
    this.detail = detail;
  }
}

/** Of a value that a client sent, in place. Throws `MetadataProblem`. */
export function coerceEmbedded(
  value: unknown,
  node: StructuralNode,
  { unknown, path = FieldPath.root }: CoerceOptions,
): void {
  visitEmbedded(value, node, path, (record, at) => coerceSent(record, at, unknown));
}

/** Of a value from the store: what is malformed is dropped. Answers whether that changed anything. */
export function repairEmbedded(value: unknown, node: StructuralNode): boolean {
  let isChanged = false;
  visitEmbedded(value, node, FieldPath.root, (record) => {
    if (repair(record)) isChanged = true;
  });
  return isChanged;
}

type VisitResource = (record: JsonRecord, path: FieldPath) => void;

/** Visits all embedded resources in `value`. */
function visitEmbedded(value: unknown, node: StructuralNode, path: FieldPath, visit: VisitResource): void {
  if (!node.has.embedded || typeof value !== 'object' || value === null) return;
  if (isRecord(value) && node.isEmbedded) visit(value, path);
  forEachChild(value, node, path, (child, childNode, at) => visitEmbedded(child, childNode, at, visit));
}

type Visit = (value: unknown, node: StructuralNode, path: FieldPath) => void;

function forEachChild(value: object, node: StructuralNode, path: FieldPath, visit: Visit): void {
  if (Array.isArray(value)) {
    if (node.items !== undefined)
      for (const [index, item] of value.entries()) visit(item, node.items, path.index(index));
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    const property = node.properties.get(name);
    if (property !== undefined) visit(member, property, path.child(name));
    else if (node.additional?.node) visit(member, node.additional.node, path.key(name));
  }
}

function coerceSent(record: JsonRecord, path: FieldPath, unknown: string[]): void {
  for (const name of ['apiVersion', 'kind'])
    if (Object.hasOwn(record, name) && typeof record[name] !== 'string')
      throw new MetadataProblem(path.child(name), record[name], 'must be a string');
  if (!Object.hasOwn(record, 'metadata')) return;
  const at = path.child('metadata');
  try {
    const { object, strictErrors } = decode(definition, record.metadata);
    record.metadata = asStored(object);
    for (const text of strictErrors) {
      const name = /"(.*)"/s.exec(text)?.[1];
      unknown.push(`${at}.${name}`);
    }
  } catch (error) {
    if (error instanceof DecodeError) throw new MetadataProblem(at, record.metadata, error.message);
    throw error;
  }
}

function asStored(metadata: JsonRecord): JsonRecord {
  encode(definition, metadata);
  if (metadata.creationTimestamp === null) delete metadata.creationTimestamp;
  return metadata;
}

function repair(record: JsonRecord): boolean {
  let isChanged = false;
  for (const name of ['apiVersion', 'kind']) {
    if (!Object.hasOwn(record, name) || typeof record[name] === 'string') continue;
    delete record[name];
    isChanged = true;
  }
  const { metadata } = record;
  if (!isRecord(metadata)) return isChanged;
  const repaired = readMetadata(metadata);
  if (equalJson(repaired, metadata)) return isChanged;
  record.metadata = repaired;
  return true;
}

/** Nearly always all of it can be read. */
function readMetadata(metadata: JsonRecord): JsonRecord {
  const fields = isDecodable(metadata)
    ? metadata
    : Object.fromEntries(Object.entries(metadata).filter(([name, value]) => isDecodable({ [name]: value })));
  return asStored(decode(definition, fields).object);
}

function isDecodable(metadata: JsonRecord): boolean {
  try {
    decode(definition, metadata);
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/** What is asked of any object, and so of one inside another. */
export interface EmbeddedRules {
  /** What is wrong with the name of a kind in small letters. */
  checkKind(name: string): string[];
  /** All that is asked of metadata, but that a name need not be there. */
  validateMetadata(metadata: ObjectMeta, path: FieldPath, errors: FieldErrors): void;
}

export interface ValidateEmbeddedOptions {
  readonly rules: EmbeddedRules;
  readonly path?: FieldPath;
}

/** What is wrong with the resources in `value`, and with itself where its schema says that it is one. */
export function validateEmbedded(
  value: unknown,
  node: StructuralNode,
  { rules, path = FieldPath.root }: ValidateEmbeddedOptions,
  errors: FieldErrors,
): void {
  visitEmbedded(value, node, path, (resource, at) => validateResource(resource, at, rules, errors));
}

function validateResource(resource: JsonRecord, path: FieldPath, rules: EmbeddedRules, errors: FieldErrors): void {
  for (const name of ['apiVersion', 'kind']) if (!Object.hasOwn(resource, name)) errors.required(path.child(name));
  const { apiVersion, kind, metadata } = resource;
  if (apiVersion !== undefined) validateText(apiVersion, path.child('apiVersion'), apiVersionProblem, errors);
  if (kind !== undefined) validateText(kind, path.child('kind'), (text) => kindProblem(text, rules), errors);
  if (metadata === undefined) return;
  try {
    const { object } = decode(definition, metadata);
    if (isObjectMeta(object)) rules.validateMetadata(object, path.child('metadata'), errors);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    errors.invalid(path.child('metadata'), metadata, error.message);
  }
}

/** What was decoded by its schema. */
const isObjectMeta = (value: JsonRecord): value is JsonRecord & ObjectMeta => isRecord(value);

function validateText(
  value: unknown,
  path: FieldPath,
  problemOf: (text: string) => string | undefined,
  errors: FieldErrors,
): void {
  if (typeof value !== 'string') errors.invalid(path, value, 'must be a string');
  else if (value === '') errors.invalid(path, value, 'must not be empty');
  else {
    const problem = problemOf(value);
    if (problem !== undefined) errors.invalid(path, value, problem);
  }
}

const apiVersionProblem = (text: string): string | undefined =>
  parseApiVersion(text) === undefined ? `unexpected GroupVersion string: ${text}` : undefined;

function kindProblem(kind: string, { checkKind }: EmbeddedRules): string | undefined {
  const problems = checkKind(kind.toLowerCase());
  return problems.length === 0 ? undefined : `may have mixed case, but should otherwise match: ${problems.join(',')}`;
}
