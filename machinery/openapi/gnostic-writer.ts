/** How gnostic's messages are written from the JSON that they stand for; what they are is said in `gnostic*.ts`. */

import type protobuf from 'protobufjs';
import { isRecord } from '../../api/json-record.ts';
import type { JsonSchema } from './json-schema.ts';

export type Writer = protobuf.Writer;
/** What the value of a key is says the document that is written: one that is something else is written as none. */
export type Write = (writer: Writer, value: unknown) => void;

/**
 * Number and writer, and what is particular: the wire type of numbers, or that an array, or true and false, is one value
 * of the writer's. Otherwise an array is several values, and true and false are written as such.
 */
export type Field = readonly [number: number, write: Write, wireType?: 0 | 1 | 'whole'];

/** For each JSON key that is known. */
export interface Message {
  readonly fields: Readonly<Record<string, Field>>;
  /** The field of `x-…` members. */
  readonly extensions?: number;
}

export const lengthDelimited = (number: number): number => number * 8 + 2;

export const text: Write = (writer, value) => writer.string(String(value));

export const nested =
  (write: (writer: Writer, value: JsonSchema) => void): Write =>
  (writer, value) => {
    writer.fork();
    write(writer, isRecord(value) ? value : {});
    writer.ldelim();
  };

/** Takes a function, as messages contain each other. */
export const message = (of: () => Message): Write => nested((writer, value) => writeMessage(of(), writer, value));

/** A JSON object whose keys are names: a list of `{name = 1, value = 2}` on the wire. */
export const named = (number: number, write: Write) => (writer: Writer, value: JsonSchema) => {
  for (const [name, member] of Object.entries(value)) {
    writer.uint32(lengthDelimited(number)).fork();
    writer.uint32(lengthDelimited(1)).string(name);
    writer.uint32(lengthDelimited(2));
    write(writer, member);
    writer.ldelim();
  }
};

/** One of several kinds of value: the field number says which. */
export const choice = (choose: (value: JsonSchema) => readonly [number, Write]): Write =>
  nested((writer, value) => {
    const [number, write] = choose(value);
    writer.uint32(lengthDelimited(number));
    write(writer, value);
  });

export function writeMessage({ fields, extensions }: Message, writer: Writer, value: object): void {
  for (const [key, member] of Object.entries(value)) {
    const field = fields[key];
    if (field !== undefined && member !== undefined) writeField(field, writer, member);
    else if (extensions !== undefined && key.startsWith('x-')) named(extensions, anyValue)(writer, { [key]: member });
  }
}

export function writeField([number, write, kind]: Field, writer: Writer, value: unknown): void {
  if (kind === 'whole') {
    writer.uint32(lengthDelimited(number));
    write(writer, value);
  } else {
    for (const item of Array.isArray(value) ? value : [value]) {
      writer.uint32(number * 8 + (typeof item === 'boolean' ? 0 : (kind ?? 2)));
      if (typeof item === 'boolean') writer.bool(item);
      else write(writer, item);
    }
  }
}

const double: Write = (writer, value) => writer.double(Number(value));
const integer: Write = (writer, value) => writer.int64(Number(value));

/** Limits of values, which both versions number in this order, from `multipleOf` on; `uniqueItems` stands among them. */
export const limitFields = (first: number): Message['fields'] => ({
  multipleOf: [first, double, 1],
  maximum: [first + 1, double, 1],
  exclusiveMaximum: [first + 2, text],
  minimum: [first + 3, double, 1],
  exclusiveMinimum: [first + 4, text],
  maxLength: [first + 5, integer, 0],
  minLength: [first + 6, integer, 0],
  pattern: [first + 7, text],
  maxItems: [first + 8, integer, 0],
  minItems: [first + 9, integer, 0],
  uniqueItems: [first + 10, text],
  maxProperties: [first + 11, integer, 0],
  minProperties: [first + 12, integer, 0],
  required: [first + 13, text],
});

/** Of `additionalProperties`: a schema (1), or whether there may be any (2). */
export const schemaOrBoolean =
  (schema: Write): Write =>
  (writer, value) => {
    writer.fork();
    writeField(typeof value === 'boolean' ? [2, text] : [1, schema], writer, value);
    writer.ldelim();
  };

/** Any: `{yaml = 2}`. */
export const anyValue: Write = (writer, value) =>
  writer.fork().uint32(lengthDelimited(2)).string(JSON.stringify(value)).ldelim();
