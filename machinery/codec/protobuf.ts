/**
 * Kubernetes protobuf bodies ("k8s\0" and an envelope) to the JSON that the same client would have sent.
 *
 * The wire says more than JSON would: scalars that are not pointers in Go are always written, zeros too. Decoding by
 * schema drops them, as it does for a client that sends `hostNetwork: false`. An empty time means none, and embedded
 * structs are messages of their own whose fields stand one level higher in JSON.
 */

import { isRecord, type JsonRecord, own, setOwn } from '../../api/json-record.ts';
import { NumberLiteral } from '../../api/number-literal.ts';
import { JsonError, maxDepth, parseJson } from '../json/json.ts';
import { protobufFacts } from '../schema/protobuf-facts.ts';
import { type ObjectSchema, openApiFacts, schemaOf } from '../schema/schema.ts';
import { ProtobufError, WireReader } from './wire-reader.ts';

export { ProtobufError };

/** What every whole object in protobuf begins with. */
export const protobufPrefix = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

/** Decodes a whole body; throws `ProtobufError`. */
export function decodeProtobuf(body: Uint8Array): JsonRecord {
  if (!protobufPrefix.equals(body.subarray(0, protobufPrefix.length))) {
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const envelope = readEnvelope(body.subarray(protobufPrefix.length));
  const message = messageOfKind(envelope.apiVersion, envelope.kind);
  if (message === undefined) {
    throw new ProtobufError(
      `no kind ${JSON.stringify(envelope.kind)} is known in protobuf for version ${JSON.stringify(envelope.apiVersion)}`,
    );
  }
  const object = readMessage(envelope.raw, message, 0);
  return { ...object, apiVersion: envelope.apiVersion, kind: envelope.kind };
}

interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

function readEnvelope(bytes: Uint8Array): Envelope {
  const envelope: Envelope = { apiVersion: '', kind: '', raw: Buffer.alloc(0) };
  for (const reader = new WireReader(bytes); !reader.done; ) {
    const { number, type } = reader.tag();
    if (type !== 2) reader.skip(type);
    else if (number === 1) readTypeMeta(reader.bytes(), envelope);
    else if (number === 2) envelope.raw = reader.bytes();
    else reader.bytes();
  }
  return envelope;
}

function readTypeMeta(bytes: Uint8Array, envelope: Envelope): void {
  for (const reader = new WireReader(bytes); !reader.done; ) {
    const { number, type } = reader.tag();
    if (type !== 2) reader.skip(type);
    else if (number === 1) envelope.apiVersion = reader.bytes().toString('utf8');
    else if (number === 2) envelope.kind = reader.bytes().toString('utf8');
    else reader.bytes();
  }
}

export interface MessageField {
  /** The key in JSON; undefined for an embedded struct, whose members stand in the object itself. */
  readonly key: string | undefined;
  readonly type: string;
  readonly repeated: boolean;
  /** The type of the values, for a map. */
  readonly mapOf: string | undefined;
}

export interface Message {
  readonly name: string;
  readonly fields: ReadonlyMap<number, MessageField>;
}

const messages = new Map<string, Message>();

/** The message that an object of a kind is in protobuf; undefined where there is none. */
export function messageOfKind(apiVersion: string, kind: string): Message | undefined {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  // Options of requests are sent under the version of what they are about.
  return findMessage(`${group.split('.')[0]}.${version}.${kind}`) ?? findMessage(`apis.meta.v1.${kind}`);
}

export function findMessage(name: string): Message | undefined {
  const known = messages.get(name);
  if (known !== undefined || !Object.hasOwn(protobufFacts().messages, name)) return known;
  const message = { name, fields: new Map(fieldsOf(name)) };
  messages.set(name, message);
  return message;
}

function fieldsOf(name: string): [number, MessageField][] {
  const keys = jsonKeysOf(name);
  return (protobufFacts().messages[name] ?? []).flatMap(([number, fieldName, type, label, valueType]) => {
    const key = keys === undefined || keys.has(fieldName) ? fieldName : keysByCase(keys, fieldName);
    if (key === undefined && !isEmbedded(type, keys)) return [];
    const mapOf = type === 'map' ? valueType : undefined;
    return [[number, { key, type, repeated: label === 'repeated', mapOf }]];
  });
}

/** The wire has letters and digits only: `xKubernetesListType` is `x-kubernetes-list-type`, `ref` is `$ref`. */
function keysByCase(keys: ReadonlySet<string>, name: string): string | undefined {
  const plain = (text: string) => text.replaceAll(/[^a-z\d]/gi, '').toLowerCase();
  return [...keys].find((key) => plain(key) === plain(name));
}

/** An embedded struct's fields are all among its owner's. */
function isEmbedded(type: string, owner: ReadonlySet<string> | undefined): boolean {
  const inner = jsonKeysOf(type);
  return inner !== undefined && owner !== undefined && [...inner].every((key) => owner.has(key));
}

/** The keys that a message has in JSON; undefined when the schema does not know it. */
function jsonKeysOf(message: string): ReadonlySet<string> | undefined {
  const definition = definitionOf(message);
  if (definition === undefined) return embeddedKeys(message);
  return new Set(definition.fields.keys());
}

/** Where the definitions of a package stand, when not with those of the built-in groups. */
const packages: Readonly<Record<string, string>> = {
  apis: 'io.k8s.apimachinery.pkg',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis',
};

function definitionOf(message: string): ObjectSchema | undefined {
  const definition = `${own(packages, message.split('.', 1)[0] ?? '') ?? 'io.k8s.api'}.${message}`;
  if (!Object.hasOwn(openApiFacts().definitions, definition)) return undefined;
  const schema = schemaOf(definition);
  return schema.type === 'object' ? schema : undefined;
}

/** Structs that are only ever embedded have no definition of their own. */
function embeddedKeys(message: string): ReadonlySet<string> | undefined {
  const fields = protobufFacts().messages[message];
  return fields && new Set(fields.map(([, name]) => name));
}

function readMessage(bytes: Uint8Array, message: Message, depth: number): JsonRecord {
  if (depth > maxDepth) throw new ProtobufError('exceeded max depth');
  const object: JsonRecord = {};
  for (const reader = new WireReader(bytes); !reader.done; ) {
    const { number, type } = reader.tag();
    const field = message.fields.get(number);
    if (field === undefined) reader.skip(type);
    else if (field.mapOf !== undefined) readMapEntry(reader.bytes(), object, field, depth);
    else readField(reader, type, object, field, depth);
  }
  return object;
}

function readField(reader: WireReader, wireType: number, object: JsonRecord, field: MessageField, depth: number): void {
  if (field.repeated && wireType === 2 && field.type.startsWith('int')) {
    readPacked(reader.bytes(), object, field);
    return;
  }
  const expected = wireTypes[field.type] ?? 2;
  if (wireType !== expected)
    throw new ProtobufError(`proto: wrong wireType = ${wireType} for field ${field.key ?? ''}`);
  const value = readValue(reader, field.type, depth);
  if (field.key === undefined) Object.assign(object, value);
  else if (field.repeated) append(object, field.key, value);
  else object[field.key] = value;
}

const wireTypes: Readonly<Record<string, number>> = { bool: 0, int32: 0, int64: 0, uint32: 0, uint64: 0, double: 1 };

function readPacked(bytes: Uint8Array, object: JsonRecord, field: MessageField): void {
  for (const reader = new WireReader(bytes); !reader.done; )
    append(object, field.key ?? '', readInteger(reader, field.type));
}

function append(object: JsonRecord, key: string, value: unknown): void {
  const list = object[key];
  if (Array.isArray(list)) list.push(value);
  else object[key] = [value];
}

function readMapEntry(bytes: Uint8Array, object: JsonRecord, field: MessageField, depth: number): void {
  const valueType = field.mapOf ?? 'string';
  let key = '';
  let value: unknown = special[valueType] === undefined && findMessage(valueType) ? {} : '';
  for (const reader = new WireReader(bytes); !reader.done; ) {
    const { number, type } = reader.tag();
    if (number === 1 && type === 2) key = reader.bytes().toString('utf8');
    else if (number === 2 && type === 2) value = readValue(reader, valueType, depth);
    else reader.skip(type);
  }
  const name = field.key ?? '';
  const map = isRecord(object[name]) ? object[name] : {};
  setOwn(map, key, value);
  object[name] = map;
}

function readValue(reader: WireReader, type: string, depth: number): unknown {
  switch (type) {
    case 'string':
      return reader.bytes().toString('utf8');
    case 'bytes':
      return reader.bytes().toString('base64');
    case 'bool':
      return reader.varint() !== 0n;
    case 'double':
      return reader.double();
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
      return readInteger(reader, type);
    default:
      return readNested(reader.bytes(), type, depth + 1);
  }
}

function readInteger(reader: WireReader, type: string): number | NumberLiteral {
  const raw = reader.varint();
  const value = type.startsWith('u') ? raw : BigInt.asIntN(type === 'int32' ? 32 : 64, raw);
  return Number.isSafeInteger(Number(value)) ? Number(value) : new NumberLiteral(String(value));
}

function readNested(bytes: Uint8Array, type: string, depth: number): unknown {
  const read = special[type];
  if (read !== undefined) return read(bytes, depth);
  const message = findMessage(type);
  return message === undefined ? {} : readMessage(bytes, message, depth);
}

/** Messages that are one value in JSON. */
const special: Readonly<Record<string, (bytes: Uint8Array, depth: number) => unknown>> = {
  'api.resource.Quantity': (bytes) => scalarsOf(bytes, 'api.resource.Quantity').string ?? '0',
  'util.intstr.IntOrString'(bytes) {
    const { type, intVal, strVal } = scalarsOf(bytes, 'util.intstr.IntOrString');
    return type === 1 ? (strVal ?? '') : (intVal ?? 0);
  },
  'apis.meta.v1.Time': (bytes) => timeText(bytes, 0),
  'apis.meta.v1.MicroTime': (bytes) => timeText(bytes, 6),
  'apis.meta.v1.FieldsV1': (bytes) => rawJson(firstBytes(bytes)),
  'runtime.RawExtension': (bytes) => rawJson(firstBytes(bytes)),
  'apiextensions.v1.JSON': (bytes) => rawJson(firstBytes(bytes)),
  'apiextensions.v1.JSONSchemaPropsOrArray': schemaOr('JSONSchemaPropsOrArray', ({ jSONSchemas }) => jSONSchemas),
  'apiextensions.v1.JSONSchemaPropsOrBool': schemaOr('JSONSchemaPropsOrBool', ({ allows }) => allows === true),
  'apiextensions.v1.JSONSchemaPropsOrStringArray': schemaOr('JSONSchemaPropsOrStringArray', ({ property }) => property),
  'apis.meta.v1.Verbs': itemsOf,
  'authentication.v1.ExtraValue': itemsOf,
  'authorization.v1.ExtraValue': itemsOf,
  'certificates.v1.ExtraValue': itemsOf,
  'authentication.v1.AttestationValue': itemsOf,
};

/** A JSON schema, or something simpler when there is none. */
function schemaOr(name: string, other: (fields: JsonRecord) => unknown): (bytes: Uint8Array, depth: number) => unknown {
  const fields = (): [number, MessageField][] =>
    (protobufFacts().messages[`apiextensions.v1.${name}`] ?? []).map(([number, key, type, label]) => [
      number,
      { key, type, repeated: label === 'repeated', mapOf: undefined },
    ]);
  return (bytes, depth) => {
    const found = readMessage(bytes, { name, fields: new Map(fields()) }, depth);
    return found.schema ?? other(found) ?? null;
  };
}

/** The scalar fields of a small message, zeros left out. Its keys are the names on the wire. */
function scalarsOf(bytes: Uint8Array, message: string): JsonRecord {
  const names = new Map((protobufFacts().messages[message] ?? []).map((field) => [field[0], field]));
  const object: JsonRecord = {};
  for (const reader = new WireReader(bytes); !reader.done; ) {
    const { number, type } = reader.tag();
    const field = names.get(number);
    if (field === undefined || type !== (wireTypes[field[2]] ?? 2)) reader.skip(type);
    else object[field[1]] = readValue(reader, field[2], 0);
  }
  return object;
}

function timeText(bytes: Uint8Array, digits: number): string | null {
  const { seconds = 0, nanos = 0 } = scalarsOf(bytes, 'apis.meta.v1.Time');
  if (seconds === 0 && nanos === 0) return null;
  if (typeof seconds !== 'number' || typeof nanos !== 'number' || Math.abs(seconds) > 253_402_300_799) {
    throw new ProtobufError('time out of range');
  }
  const text = new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, '');
  return digits === 0 ? `${text}Z` : `${text}.${String(nanos).padStart(9, '0').slice(0, digits)}Z`;
}

function firstBytes(bytes: Uint8Array): Buffer {
  for (const reader = new WireReader(bytes); !reader.done; ) {
    const { number, type } = reader.tag();
    if (number === 1 && type === 2) return reader.bytes();
    reader.skip(type);
  }
  return Buffer.alloc(0);
}

function itemsOf(bytes: Uint8Array): string[] {
  const items: string[] = [];
  for (const reader = new WireReader(bytes); !reader.done; ) {
    const { number, type } = reader.tag();
    if (number === 1 && type === 2) items.push(reader.bytes().toString('utf8'));
    else reader.skip(type);
  }
  return items;
}

/** JSON in bytes, or a whole protobuf object in them. */
function rawJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return null;
  if (protobufPrefix.equals(bytes.subarray(0, protobufPrefix.length))) return decodeProtobuf(bytes);
  try {
    return parseJson(bytes.toString('utf8')).value;
  } catch (error) {
    if (error instanceof JsonError) throw new ProtobufError(error.message);
    throw error;
  }
}
