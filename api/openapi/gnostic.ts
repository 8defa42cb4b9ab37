/**
 * An OpenAPI 2 document in the protobuf form of gnostic (`openapi.v2.Document`), which kubectl before 1.29 cannot do
 * without. Extensions are carried as YAML text; JSON is that.
 */

import protobuf from 'protobufjs';
import type { JsonSchema } from './json-schema.ts';
import type { SwaggerDocument } from './openapi-v2.ts';

type Writer = protobuf.Writer;
type Write = (writer: Writer, value: never) => void;

/** `[field number, how its value is written]` for each JSON key that is known. */
interface Message {
  readonly fields: Readonly<Record<string, readonly [number, Write]>>;
  /** The field of `x-…` members. */
  readonly extensions?: number;
}

export function encodeSwagger(document: SwaggerDocument): Uint8Array {
  const writer = protobuf.Writer.create();
  writeMessage(documentMessage, writer, document as unknown as JsonSchema);
  return writer.finish();
}

const lengthDelimited = (number: number): number => number * 8 + 2;

const text: Write = (writer, value: string) => writer.string(value);

const nested =
  (write: (writer: Writer, value: JsonSchema) => void): Write =>
  (writer, value: JsonSchema) => {
    writer.fork();
    write(writer, value);
    writer.ldelim();
  };

/** Takes a function, as messages contain each other. */
const message = (of: () => Message): Write => nested((writer, value) => writeMessage(of(), writer, value));

/** A JSON object whose keys are names: a list of `{name = 1, value = 2}` on the wire. */
const named = (number: number, write: Write) => (writer: Writer, value: JsonSchema) => {
  for (const [name, member] of Object.entries(value)) {
    writer.uint32(lengthDelimited(number)).fork();
    writer.uint32(lengthDelimited(1)).string(name);
    writer.uint32(lengthDelimited(2));
    write(writer, member as never);
    writer.ldelim();
  }
};

/** One of several kinds of value: the field number says which. */
const choice = (choose: (value: JsonSchema) => readonly [number, Write]): Write =>
  nested((writer, value) => {
    const [number, write] = choose(value);
    writer.uint32(lengthDelimited(number));
    write(writer, value as never);
  });

function writeMessage({ fields, extensions }: Message, writer: Writer, value: JsonSchema): void {
  for (const [key, member] of Object.entries(value)) {
    const field = fields[key];
    if (field !== undefined && member !== undefined) writeField(field, writer, member);
    else if (extensions !== undefined && key.startsWith('x-')) named(extensions, anyValue)(writer, { [key]: member });
  }
}

function writeField([number, write]: readonly [number, Write], writer: Writer, value: unknown): void {
  for (const item of Array.isArray(value) ? value : [value]) {
    writer.uint32(number * 8 + (typeof item === 'boolean' ? 0 : 2));
    if (typeof item === 'boolean') writer.bool(item);
    else write(writer, item as never);
  }
}

/** Any: `{yaml = 2}`. */
const anyValue: Write = (writer, value: unknown) =>
  writer.fork().uint32(lengthDelimited(2)).string(JSON.stringify(value)).ldelim();

const schema: Write = message(() => schemaMessage);
const properties: Write = nested((writer, value) => named(1, schema)(writer, value));
const itemsSchema: Write = nested((writer, value) => writeField([1, schema], writer, value));
const typeItem: Write = (writer, value: string) => writer.fork().uint32(lengthDelimited(1)).string(value).ldelim();

const schemaMessage: Message = {
  extensions: 31,
  fields: {
    $ref: [1, text],
    format: [2, text],
    description: [4, text],
    required: [19, text],
    additionalProperties: [21, nested((writer, value) => writeField([1, schema], writer, value))],
    type: [22, typeItem],
    items: [23, itemsSchema],
    properties: [25, properties],
  },
};

const bodyParameter: Message = {
  fields: {
    description: [1, text],
    name: [2, text],
    in: [3, text],
    required: [4, text],
    schema: [5, schema],
  },
};
const queryParameter: Message = {
  fields: {
    required: [1, text],
    in: [2, text],
    description: [3, text],
    name: [4, text],
    type: [6, text],
  },
};
const pathParameter: Message = {
  fields: {
    required: [1, text],
    in: [2, text],
    description: [3, text],
    name: [4, text],
    type: [5, text],
  },
};
const plainParameter = choice(({ in: place }) =>
  place === 'query' ? [3, message(() => queryParameter)] : [4, message(() => pathParameter)],
);
const parameter = choice(({ in: place }) =>
  place === 'body' ? [1, message(() => bodyParameter)] : [2, plainParameter],
);
/** ParametersItem: a parameter (1), or a reference to one (2). */
const parametersItem = choice(() => [1, parameter]);

/** SchemaItem: a schema (1). */
const schemaItem = choice(() => [1, schema]);
const response: Message = { fields: { description: [1, text], schema: [2, schemaItem] } };
/** ResponseValue: a response (1), or a reference to one (2). */
const responseValue = choice(() => [1, message(() => response)]);
const responses: Write = nested((writer, value) => named(1, responseValue)(writer, value));

const operation: Message = {
  extensions: 13,
  fields: {
    tags: [1, text],
    description: [3, text],
    operationId: [5, text],
    produces: [6, text],
    consumes: [7, text],
    parameters: [8, parametersItem],
    responses: [9, responses],
    schemes: [10, text],
  },
};

const pathItem: Message = {
  fields: {
    get: [2, message(() => operation)],
    put: [3, message(() => operation)],
    post: [4, message(() => operation)],
    delete: [5, message(() => operation)],
    patch: [8, message(() => operation)],
    parameters: [9, parametersItem],
  },
};

const info: Message = { fields: { title: [1, text], version: [2, text] } };
const documentMessage: Message = {
  fields: {
    swagger: [1, text],
    info: [2, message(() => info)],
    paths: [
      8,
      nested((writer, value) =>
        named(
          2,
          message(() => pathItem),
        )(writer, value),
      ),
    ],
    definitions: [9, nested((writer, value) => named(1, schema)(writer, value))],
  },
};
