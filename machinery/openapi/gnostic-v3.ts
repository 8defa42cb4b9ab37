/**
 * An OpenAPI 3 document in the protobuf form of gnostic (`openapi.v3.Document`), which client-go asks for first.
 * Extensions are carried as YAML text; JSON is that.
 */

import protobuf from 'protobufjs';
import {
  anyValue,
  choice,
  type Message,
  message,
  named,
  nested,
  text,
  type Write,
  writeField,
  writeMessage,
} from './gnostic-writer.ts';
import type { JsonSchema } from './json-schema.ts';

export function encodeOpenApiV3(document: JsonSchema): Uint8Array {
  const writer = protobuf.Writer.create();
  writeMessage(documentMessage, writer, document);
  return writer.finish();
}

const reference: Message = { fields: { $ref: [1, text] } };
/** …OrReference: the thing itself (1), or where it stands (2). */
const orReference = (of: () => Message): Write =>
  choice((value) => ('$ref' in value ? [2, message(() => reference)] : [1, message(of)]));

const schema = orReference(() => schemaMessage);
const schemas: Write = nested((writer, value) => named(1, schema)(writer, value));
const oneSchema: Write = nested((writer, value) => writeField([1, schema], writer, value));

const schemaMessage: Message = {
  extensions: 36,
  fields: {
    nullable: [1, text],
    uniqueItems: [20, text],
    required: [23, text],
    enum: [24, anyValue],
    type: [25, text],
    allOf: [26, schema],
    oneOf: [27, schema],
    anyOf: [28, schema],
    items: [30, oneSchema],
    properties: [31, schemas],
    additionalProperties: [32, oneSchema],
    description: [34, text],
    format: [35, text],
  },
};

const mediaType: Message = { fields: { schema: [1, schema] } };
const content: Write = nested((writer, value) =>
  named(
    1,
    message(() => mediaType),
  )(writer, value),
);

const parameter: Message = {
  fields: {
    name: [1, text],
    in: [2, text],
    description: [3, text],
    required: [4, text],
    schema: [10, schema],
  },
};
const requestBody: Message = { fields: { description: [1, text], content: [2, content], required: [3, text] } };
const response: Message = { fields: { description: [1, text], content: [3, content] } };
const responses: Write = nested((writer, value) =>
  named(
    2,
    orReference(() => response),
  )(writer, value),
);

const operation: Message = {
  extensions: 13,
  fields: {
    tags: [1, text],
    summary: [2, text],
    description: [3, text],
    operationId: [5, text],
    parameters: [6, orReference(() => parameter)],
    requestBody: [7, orReference(() => requestBody)],
    responses: [8, responses],
  },
};

const pathItem: Message = {
  extensions: 14,
  fields: {
    get: [4, message(() => operation)],
    put: [5, message(() => operation)],
    post: [6, message(() => operation)],
    delete: [7, message(() => operation)],
    patch: [10, message(() => operation)],
    parameters: [13, orReference(() => parameter)],
  },
};

const info: Message = { fields: { title: [1, text], description: [2, text], version: [6, text] } };
const components: Message = { fields: { schemas: [1, schemas] } };

const documentMessage: Message = {
  fields: {
    openapi: [1, text],
    info: [2, message(() => info)],
    paths: [
      4,
      nested((writer, value) =>
        named(
          1,
          message(() => pathItem),
        )(writer, value),
      ),
    ],
    components: [5, message(() => components)],
  },
};
