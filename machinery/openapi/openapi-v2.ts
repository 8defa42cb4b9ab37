/** OpenAPI 2 (Swagger): one document for the whole API, for older clients and those that want it all at once. */

import type { DescribedResource } from '../schema/described-resource.ts';
import type { OpenApiDocument } from './document.ts';
import { DocumentDefinitions } from './document-definitions.ts';
import type { JsonSchema } from './json-schema.ts';
import { entriesOf, extensionsOf, type Operation, type Parameter, type Path, pathsOfKinds } from './operations.ts';

/** Of all kinds there are. */
export function swaggerDocument(kinds: readonly DescribedResource[], version: string): OpenApiDocument {
  const definitions = new DocumentDefinitions(kinds, 'v2');
  return {
    head: { swagger: '2.0', info: { title: 'Kubernetes', version } },
    paths: entriesOf(pathsOfKinds(kinds), (path) => pathItem(path, definitions)),
    definitions: definitions.entries(),
  };
}

function pathItem({ parameters, operations }: Path, definitions: DocumentDefinitions): JsonSchema {
  return {
    ...Object.fromEntries(operations.map((operation) => [operation.method, operationObject(operation, definitions)])),
    parameters: parameters.map(parameterObject),
  };
}

function parameterObject({ name, in: place, type, description }: Parameter): JsonSchema {
  return { name, in: place, description, type, uniqueItems: true, ...(place === 'path' && { required: true }) };
}

function operationObject(operation: Operation, definitions: DocumentDefinitions): JsonSchema {
  const { operationId, tag, parameters, body, bodyTypes, answer, answerTypes, answerCodes, method } = operation;
  const schema = (definition: string) => definitions.reference(definition);
  const bodyParameter =
    body === undefined ? [] : [{ in: 'body', name: 'body', required: method !== 'delete', schema: schema(body) }];
  return {
    consumes: bodyTypes,
    produces: answerTypes,
    schemes: ['https'],
    tags: [tag],
    operationId,
    parameters: [...bodyParameter, ...parameters.map(parameterObject)],
    responses: {
      ...Object.fromEntries(answerCodes.map((code) => [String(code), { description: 'OK', schema: schema(answer) }])),
      '401': { description: 'Unauthorized' },
    },
    ...extensionsOf(operation),
  };
}
