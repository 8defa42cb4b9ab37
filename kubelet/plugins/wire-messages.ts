/** Messages of protocol buffers, by the numbers of their fields: what plugins on this node are spoken to in. */

import protobuf from 'protobufjs';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';

/** A message as plain data. A field that was not sent has its type's default. */
export interface MessageType {
  encode(message: JsonRecord): Buffer;
  /** Throws for what is no such message. */
  decode(bytes: Buffer): JsonRecord;
}

/**
 * `string 1`, `repeated string 2`, `map 3` (text to text), `Other 4` (a message of the same tables): the type and the
 * number on the wire.
 */
export type MessageFields = Readonly<Record<string, string>>;

export function defineMessages<Name extends string>(
  tables: Readonly<Record<Name, MessageFields>>,
): Readonly<Record<Name, MessageType>>;
export function defineMessages(tables: Readonly<Record<string, MessageFields>>): Readonly<Record<string, MessageType>> {
  const nested = Object.entries(tables).map(([name, fields]) => {
    const read = Object.entries(fields).map(([field, words]) => [field, fieldOf(words)] as const);
    return [name, { fields: Object.fromEntries(read) }] as const;
  });
  const root = protobuf.Root.fromJSON({ nested: Object.fromEntries(nested) });
  return Object.fromEntries(Object.keys(tables).map((name) => [name, messageType(root.lookupType(name))]));
}

function fieldOf(words: string): protobuf.IField | protobuf.IMapField {
  const [id = 0, type = 'string', rule] = words.split(' ').reverse();
  if (type === 'map') return { id: Number(id), keyType: 'string', type: 'string' };
  return { id: Number(id), type, ...(rule !== undefined && { rule }) };
}

const messageType = (type: protobuf.Type): MessageType => ({
  encode: (message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
  decode: (bytes) => type.toObject(type.decode(bytes), { defaults: true, arrays: true, objects: true, longs: Number }),
});

export const textIn = (message: JsonRecord, field: string): string => {
  const value = message[field];
  return typeof value === 'string' ? value : '';
};

export const numberIn = (message: JsonRecord, field: string): number => Number(message[field] ?? 0);

export const textsIn = (message: JsonRecord, field: string): string[] =>
  listIn(message, field).filter((item) => typeof item === 'string');

export const messagesIn = (message: JsonRecord, field: string): JsonRecord[] => listIn(message, field).filter(isRecord);

function listIn(message: JsonRecord, field: string): unknown[] {
  const value = message[field];
  return Array.isArray(value) ? value : [];
}

/** A map of texts; empty: it was not sent. */
export function mapIn(message: JsonRecord, field: string): Record<string, string> {
  const value = message[field];
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
