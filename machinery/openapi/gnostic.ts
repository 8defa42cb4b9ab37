/**
 * An OpenAPI 2 document in the protobuf form of gnostic (`openapi.v2.Document`), which kubectl before 1.29 cannot do
 * without. Extensions are carried as YAML text; JSON is that.
 */

import type { DocumentForm } from './gnostic-pieces.ts';
import {
  anyValue,
  choice,
  lengthDelimited,
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

const schema: Write = message(() => schemaMessage);
const properties: Write = nested((writer, value) => named(1, schema)(writer, value));
const itemsSchema: Write = nested((writer, value) => writeField([1, schema], writer, value));
const typeItem: Write = (writer, value) => writer.fork().uint32(lengthDelimited(1)).string(String(value)).ldelim();

const schemaMessage: Message = {
  extensions: 31,
  fields: {
    $ref: [1, text],
    format: [2, text],
    title: [3, text],
    description: [4, text],
    default: [5, anyValue, 'whole'],
    ...limitFields(6),
    enum: [20, anyValue],
    additionalProperties: [21, schemaOrBoolean(schema), 'whole'],
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
const documentMessage: Message = { fields: { swagger: [1, text], info: [2, message(() => info)] } };

export const swaggerForm: DocumentForm = {
  head: documentMessage,
  paths: { at: [8], entry: 2, value: message(() => pathItem) },
  definitions: { at: [9], entry: 1, value: schema },
};
