/**
 * An OpenAPI 3 document in the protobuf form of gnostic (`openapi.v3.Document`), which client-go asks for first.
 * Extensions are carried as YAML text; JSON is that.
 */

import type { DocumentForm } from './gnostic-pieces.ts';
import {
  anyValue,
  choice,
  limitFields,
  type Message,
  message,
  named,
  nested,
  schemaOrBoolean,
  text,
  type Write,
  writeField,
} from './gnostic-writer.ts';

const reference: Message = { fields: { $ref: [1, text] } };
/** …OrReference: the thing itself (1), or where it stands (2). */
const orReference = (of: () => Message): Write =>
  choice((value) => ('$ref' in value ? [2, message(() => reference)] : [1, message(of)]));

const schema = orReference(() => schemaMessage);
const schemas: Write = nested((writer, value) => named(1, schema)(writer, value));
const oneSchema: Write = nested((writer, value) => writeField([1, schema], writer, value));

/** A number (1), a boolean (2) or a text (3): there is no way to say more. */
const defaultValue: Write = (writer, value) => {
  writer.fork();
  if (typeof value === 'number') writer.uint32(1 * 8 + 1).double(value);
  if (typeof value === 'boolean') writer.uint32(2 * 8).bool(value);
  if (typeof value === 'string') writer.uint32(3 * 8 + 2).string(value);
  writer.ldelim();
};

const schemaMessage: Message = {
  extensions: 36,
  fields: {
    nullable: [1, text],
    title: [9, text],
    ...limitFields(10),
    enum: [24, anyValue],
    type: [25, text],
    allOf: [26, schema],
    oneOf: [27, schema],
    anyOf: [28, schema],
    not: [29, message(() => schemaMessage)],
    items: [30, oneSchema],
    properties: [31, schemas],
    additionalProperties: [32, schemaOrBoolean(schema), 'whole'],
    default: [33, defaultValue, 'whole'],
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
export const openApiForm: DocumentForm = {
  head: { fields: { openapi: [1, text], info: [2, message(() => info)] } },
  paths: { at: [4], entry: 1, value: message(() => pathItem) },
  definitions: { at: [5, 1], entry: 1, value: schema },
};
