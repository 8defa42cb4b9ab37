/**
 * Objects as Kubernetes protobuf ("k8s\0" and an envelope), from what they are in JSON: the reverse of `protobuf.ts`,
 * by the same facts. What the JSON leaves out is left out here too; clients read it as zero.
 */

import protobuf from 'protobufjs';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { NumberLiteral } from '../../api/number-literal.ts';
import { findMessage, type Message, type MessageField, messageOfKind, protobufPrefix } from './protobuf.ts';

type Writer = protobuf.Writer;

/** An object that names its apiVersion and kind; undefined when that kind has no form in protobuf. */
export function encodeProtobuf(object: JsonRecord): Buffer | undefined {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined;
  const message = messageOfKind(apiVersion, kind);
  if (message === undefined) return undefined;
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, 2)).fork();
  writer.uint32(tag(1, 2)).string(apiVersion);
  writer.uint32(tag(2, 2)).string(kind);
  writer.ldelim();
  writer.uint32(tag(2, 2)).fork();
  writeMessage(writer, message, object);
  writer.ldelim();
  return Buffer.concat([protobufPrefix, writer.finish()]);
}

/** One event of a watch: its length in four bytes, then the event with the whole object inside. */
export function encodeWatchFrame(type: string, object: JsonRecord): Buffer | undefined {
  const raw = encodeProtobuf(object);
  if (raw === undefined) return undefined;
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, 2)).string(type);
  writer.uint32(tag(2, 2)).fork().uint32(tag(1, 2)).bytes(raw).ldelim();
  const event = writer.finish();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

const tag = (number: number, wireType: number): number => number * 8 + wireType;

function writeMessage(writer: Writer, { fields }: Message, object: JsonRecord): void {
  for (const [number, field] of fields) {
    // An embedded struct's members stand in the object itself.
    const value = field.key === undefined ? object : object[field.key];
    if (value === undefined || value === null) continue;
    if (field.mapOf !== undefined) writeMap(writer, number, field, value);
    else if (field.repeated) for (const item of asList(value)) writeField(writer, number, field.type, item);
    else writeField(writer, number, field.type, value);
  }
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function writeMap(writer: Writer, number: number, { mapOf = 'string' }: MessageField, map: unknown): void {
  if (!isRecord(map)) return;
  for (const key of Object.keys(map).sort()) {
    writer.uint32(tag(number, 2)).fork();
    writer.uint32(tag(1, 2)).string(key);
    writeField(writer, 2, mapOf, map[key]);
    writer.ldelim();
  }
}

function writeField(writer: Writer, number: number, type: string, value: unknown): void {
  switch (type) {
    case 'string':
      writer.uint32(tag(number, 2)).string(String(value));
      break;
    case 'bytes':
      writer.uint32(tag(number, 2)).bytes(Buffer.from(String(value), 'base64'));
      break;
    case 'bool':
      writer.uint32(tag(number, 0)).bool(value === true);
      break;
    case 'double':
      writer.uint32(tag(number, 1)).double(Number(value));
      break;
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
      writer.uint32(tag(number, 0));
      writeInteger(writer, value);
      break;
    default:
      writer.uint32(tag(number, 2)).fork();
      writeNested(writer, type, value);
      writer.ldelim();
  }
}

/** Negative numbers are written as 64 bits in two's complement, whatever their type. */
function writeInteger(writer: Writer, value: unknown): void {
  writer.int64(value instanceof NumberLiteral ? value.text : Number(value));
}

function writeNested(writer: Writer, type: string, value: unknown): void {
  const write = special[type];
  if (write !== undefined) {
    write(writer, value);
    return;
  }
  const message = findMessage(type);
  if (message !== undefined && isRecord(value)) writeMessage(writer, message, value);
}

const writeRaw = (writer: Writer, value: unknown): void => {
  writer.uint32(tag(1, 2)).string(JSON.stringify(value));
};
const writeItems = (writer: Writer, value: unknown): void => {
  for (const item of asList(value)) writer.uint32(tag(1, 2)).string(String(item));
};

/** Messages that are one value in JSON. */
const special: Readonly<Record<string, (writer: Writer, value: unknown) => void>> = {
  'api.resource.Quantity': (writer, value) => writer.uint32(tag(1, 2)).string(String(value)),
  'util.intstr.IntOrString'(writer, value) {
    const isText = typeof value === 'string';
    writer.uint32(tag(1, 0)).uint32(isText ? 1 : 0);
    if (isText) writer.uint32(tag(3, 2)).string(value);
    else writeField(writer, 2, 'int32', value);
  },
  'apis.meta.v1.Time': writeTime,
  'apis.meta.v1.MicroTime': writeTime,
  'apis.meta.v1.FieldsV1': writeRaw,
  'runtime.RawExtension': writeRaw,
  'apis.meta.v1.Verbs': writeItems,
  'authentication.v1.ExtraValue': writeItems,
  'authorization.v1.ExtraValue': writeItems,
  'certificates.v1.ExtraValue': writeItems,
  'authentication.v1.AttestationValue': writeItems,
  'apiextensions.v1.JSON': writeRaw,
  'apiextensions.v1.JSONSchemaPropsOrArray': (writer, value) =>
    Array.isArray(value) ? writeEach(writer, schema, value) : writeField(writer, 1, schema, value),
  'apiextensions.v1.JSONSchemaPropsOrBool'(writer, value) {
    writer.uint32(tag(1, 0)).bool(value !== false);
    if (isRecord(value)) writeField(writer, 2, schema, value);
  },
  'apiextensions.v1.JSONSchemaPropsOrStringArray': (writer, value) =>
    Array.isArray(value) ? writeEach(writer, 'string', value) : writeField(writer, 1, schema, value),
};
const schema = 'apiextensions.v1.JSONSchemaProps';

function writeEach(writer: Writer, type: string, items: readonly unknown[]): void {
  for (const item of items) writeField(writer, 2, type, item);
}

function writeTime(writer: Writer, value: unknown): void {
  const [, whole = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(String(value)) ?? [];
  const seconds = Date.parse(`${whole}Z`) / 1000;
  if (!Number.isFinite(seconds)) return;
  writeField(writer, 1, 'int64', seconds);
  writeField(writer, 2, 'int32', Number(fraction.padEnd(9, '0')));
}
