/** How gnostic's messages are written from the JSON that they stand for; what they are is said in `gnostic*.ts`. */

import type protobuf from 'protobufjs';
import { isRecord } from '../../api/json-record.ts';
import type { JsonSchema } from './json-schema.ts';

export type Writer = protobuf.Writer;
/** What the value of a key is says the document that is written: one that is something else is written as none. */
export type Write = (writer: Writer, value: unknown) => void;

/** `[field number, how its value is written]` for each JSON key that is known. */
export interface Message {
  readonly fields: Readonly<Record<string, readonly [number, Write]>>;
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

export function writeField([number, write]: readonly [number, Write], writer: Writer, value: unknown): void {
  for (const item of Array.isArray(value) ? value : [value]) {
    writer.uint32(number * 8 + (typeof item === 'boolean' ? 0 : 2));
    if (typeof item === 'boolean') writer.bool(item);
    else write(writer, item);
  }
}

/** Any: `{yaml = 2}`. */
export const anyValue: Write = (writer, value) =>
  writer.fork().uint32(lengthDelimited(2)).string(JSON.stringify(value)).ldelim();
